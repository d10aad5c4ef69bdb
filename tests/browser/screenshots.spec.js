/**
 * Pictures to look at. `JULIA_AOT_SHOTS=1 make browser` also puts those of the README where it
 * looks for them; all others lie in test-results/pictures.
 */
const { test, expect } = require('@jupyterlab/galata');
const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');
const { RESULTS, ROOT, notebook, openSection, server } = require('./support');

const PYTHON = process.env.PYTHON ?? path.join(ROOT, '.venv', 'bin', 'python');
const PICTURES = path.join(RESULTS, 'pictures');
const wanted = process.env.JULIA_AOT_SHOTS === '1';

test.use({ viewport: { width: 1180, height: 760 } });

/** A picture of the page or of a part of it; `readme` names the README's file. */
async function shot(target, name, readme = false) {
  const folder = readme && wanted ? path.join(ROOT, 'docs', 'images') : PICTURES;
  fs.mkdirSync(folder, { recursive: true });
  await target.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
}

for (const theme of ['light', 'dark']) {
  test(`panel and run, ${theme}`, async ({ page }) => {
    if (theme === 'dark') {
      await page.theme.setDarkTheme();
    }
    const busy = spawn(PYTHON, [path.join(__dirname, 'busy.py'), 'julia-aot'], {
      env: { ...process.env, JULIA_AOT_DATA_DIR: path.join(server().home, 'julia_aot') }
    });
    try {
      const now = await openSection(page, 'now');
      await page.sidebar.setWidth(360);
      const card = now.getByRole('article', { name: 'moving_average' });
      await expect(card.getByLabel('Candidate 6: being tried')).toBeVisible();
      await page.locator('[data-section=history] .jja-section-head').click();
      const row = page.locator('.jja-item', { hasText: 'leap_years_between' }).first();
      await row.click();
      await expect(page.locator('.jja-run-view')).toBeVisible();
      await page.locator('[data-section=ledger] .jja-section-head').click();
      await expect(page.getByRole('img', { name: /Tokens a day/ })).toBeVisible();
      await page.locator('.jja-panel').evaluate(node => (node.scrollTop = 0));
      await shot(page, `panel-${theme}`, true);
      await page.locator('.jja-run-view').getByText('Compare candidates').click();
      await shot(page, `compare-${theme}`);
      await card.getByRole('button', { name: 'Stop' }).click();
      await expect(card).toHaveCount(0);
      await openSection(page, 'model');
      await expect(page.locator('[data-section=model] .jja-choices')).toBeVisible();
      await page.locator('[data-section=julia] .jja-section-head').click();
      await expect(page.getByText('C compiler')).toBeVisible({ timeout: 120_000 });
      // A path of the machine that made the picture says nothing to a reader.
      await page.addStyleTag({ content: '.jja-path { display: none }' });
      await shot(page, `model-and-julia-${theme}`, true);
      await openSection(page, 'builds');
      await page.getByRole('article', { name: 'greet' }).locator('.jja-open').click();
      await expect(page.getByRole('img', { name: /Sizes/ })).toBeVisible();
      await page.locator('[data-section=ledger] .jja-section-head').click();
      await expect(page.getByRole('img', { name: /Tokens a day/ })).toBeVisible();
      await shot(page, `builds-and-ledger-${theme}`);
      const history = await openSection(page, 'history');
      await history.getByRole('searchbox').fill('no such thing at all');
      await expect(history.getByText('Nothing found.')).toBeVisible();
      await page.locator('[data-section=now] .jja-section-head').click();
      await shot(page.locator('.jja-panel'), `empty-${theme}`);
      await page.route('**/jupyter-julia-aot/ledger**', route =>
        route.fulfill({ status: 500, body: '{"message":"the history is locked","remedy":"try again","field":""}' })
      );
      await openSection(page, 'ledger');
      await page.getByLabel('Time span').selectOption('30').catch(() => undefined);
      await expect(page.getByText('the history is locked')).toBeVisible();
      await shot(page.locator('.jja-panel'), `error-${theme}`);
    } finally {
      busy.kill('SIGKILL');
    }
  });

  test(`widgets at 400 and 1,600 px, ${theme}`, async ({ page }) => {
    test.setTimeout(900_000);
    if (theme === 'dark') {
      await page.theme.setDarkTheme();
    }
    await notebook(page, [
      '%load_ext jupyter_julia_aot',
      '%%julia_tests mean_of\n@test mean_of([1.0, 3.0]) == 2.0',
      '%%julia_gen mean_of -n 4\nThe mean of a vector of numbers.',
      '%%julia_tests evil_one\n@test evil_one(1) == 1',
      '%%julia_gen evil_one -n 2 --repair 0\nDo evil.',
      '%%juliac mean_tool\nfunction (@main)(args)\n    println("the mean is ", sum([1.0, 2.0, 6.0]) / 3)\n    return 0\nend'
    ]);
    for (const index of [0, 1, 2, 3, 4, 5]) {
      await page.notebook.runCell(index);
    }
    const made = page.locator('.jp-OutputArea-output .jja').first();
    await expect(made).toBeVisible();
    await page.evaluate(() => window.jupyterapp.commands.execute('application:toggle-left-area'));
    for (const width of [400, 1600]) {
      await page.setViewportSize({ width, height: 900 });
      const widgets = page.locator('.jp-OutputArea-output .jja');
      const names = ['generation', 'generation-failed', 'build'];
      for (const [index, name] of names.entries()) {
        const widget = widgets.nth(index);
        await widget.scrollIntoViewIfNeeded();
        // Nothing sticks out at the sides.
        expect(await widget.evaluate(node => node.scrollWidth - node.clientWidth)).toBeLessThanOrEqual(1);
        await shot(widget, `${name}-${width}-${theme}`);
      }
    }
    await page.setViewportSize({ width: 1180, height: 760 });
    await made.scrollIntoViewIfNeeded();
    await made.locator('summary, .jja-open').first().click();
    await shot(page, `notebook-${theme}`, true);
  });
}
