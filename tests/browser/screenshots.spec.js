/**
 * Pictures to look at. `JULIA_AOT_SHOTS=1 make browser` also puts those of the README where it
 * looks for them; all others lie in test-results/pictures.
 */
const { test, expect } = require('@jupyterlab/galata');
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { RESULTS, ROOT, notebook, openSection, server } = require('./support');

const PYTHON = process.env.PYTHON ?? path.join(ROOT, '.venv', 'bin', 'python');
const PICTURES = path.join(RESULTS, 'pictures');
const wanted = process.env.JULIA_AOT_SHOTS === '1';

/** What `gallery.py` makes, one view each. */
const VIEWS = {
  generation: "generation()",
  'generation-running': "generation('running')",
  'generation-starting': "generation('starting')",
  'generation-failed': "generation('failed')",
  build: "build()",
  'build-library': "build('lib')",
  'build-running': "build('running')",
  'build-failed': "build('failed')",
  comparison: 'HTML(comparison())',
  evaluation: 'HTML(evaluation())',
  'evaluation-running': "HTML(evaluation('running'))"
};
const README_VIEWS = ['generation', 'build', 'comparison', 'evaluation'];

test.use({ viewport: { width: 1180, height: 860 } });

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
    const env = {
      ...process.env,
      PYTHONPATH: ROOT,
      JULIA_AOT_DATA_DIR: path.join(server().home, 'julia_aot')
    };
    spawnSync(PYTHON, ['-m', 'tests.browser.gallery', path.join(server().home, 'work')], { env, stdio: 'inherit' });
    const busy = spawn(PYTHON, [path.join(__dirname, 'busy.py'), 'julia-aot'], { env });
    try {
      const now = await openSection(page, 'now');
      await page.sidebar.setWidth(360);
      const card = now.getByRole('article', { name: 'moving_average' });
      await expect(card.getByLabel('Candidate 6: being tried')).toBeVisible();
      await page.locator('[data-section=history] .jja-section-head').click();
      const row = page.locator('.jja-item', { hasText: 'windows of k values' }).first();
      await row.click();
      await expect(page.locator('.jja-run-view')).toBeVisible();
      await page.mouse.move(700, 700);
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
      await page.getByRole('article', { name: 'spectral_norm' }).first().locator('.jja-open').click();
      await expect(page.getByRole('img', { name: /Sizes/ })).toBeVisible();
      await page.locator('[data-section=ledger] .jja-section-head').click();
      await expect(page.getByRole('img', { name: /Tokens a day/ })).toBeVisible();
      await page.setViewportSize({ width: 1180, height: 1120 });
      await shot(page, `builds-and-ledger-${theme}`, true);
      await page.setViewportSize({ width: 1180, height: 860 });
      const history = await openSection(page, 'history');
      await history.getByRole('searchbox').fill('no such thing at all');
      await expect(history.getByText('Nothing found.')).toBeVisible();
      await page.locator('[data-section=now] .jja-section-head').click();
      await shot(page.locator('.jja-panel'), `empty-${theme}`);
      await page.route('**/jupyter-julia-aot/ledger**', route =>
        route.fulfill({ status: 500, body: '{"message":"the history is locked","remedy":"try again","field":""}' })
      );
      await openSection(page, 'ledger');
      await expect(page.getByText('the history is locked')).toBeVisible();
      await shot(page.locator('.jja-panel'), `error-${theme}`);
    } finally {
      busy.kill('SIGKILL');
    }
  });

  test(`widgets in every state at 400 and 1,600 px, ${theme}`, async ({ page }) => {
    test.setTimeout(600_000);
    if (theme === 'dark') {
      await page.theme.setDarkTheme();
    }
    const views = Object.entries(VIEWS);
    await notebook(page, [
      'from IPython.display import HTML\nfrom tests.browser.gallery import build, comparison, evaluation, generation',
      ...views.map(([, code]) => code)
    ]);
    for (let index = 0; index <= views.length; index++) {
      await page.notebook.runCell(index);
    }
    await page.evaluate(() => window.jupyterapp.commands.execute('application:toggle-left-area'));
    for (const width of [400, 1600]) {
      await page.setViewportSize({ width, height: 1200 });
      for (const [index, [name]] of views.entries()) {
        const cell = page.locator('.jp-Notebook').getByLabel('Code Cell Content').nth(index + 1);
        const view = cell.locator('.jja:visible').first();
        await view.scrollIntoViewIfNeeded();
        // Nothing sticks out at the sides.
        expect(await view.evaluate(node => node.scrollWidth - node.clientWidth), name).toBeLessThanOrEqual(1);
        await shot(view, `${name}-${width}-${theme}`, width === 1600 && README_VIEWS.includes(name));
      }
    }
  });
}
