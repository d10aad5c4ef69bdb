/** Pictures for the README, light and dark: JULIA_AOT_SHOTS=1 writes docs/images. */
const { test, expect } = require('@jupyterlab/galata');
const { spawn } = require('child_process');
const path = require('path');
const { ROOT, openSection, server } = require('./support');

const PYTHON = process.env.PYTHON ?? path.join(ROOT, '.venv', 'bin', 'python');
const wanted = process.env.JULIA_AOT_SHOTS === '1';

test.use({ viewport: { width: 1180, height: 760 } });

for (const theme of ['light', 'dark']) {
  test(`panel and run, ${theme}`, async ({ page }) => {
    const shot = name =>
      wanted
        ? page.screenshot({ path: path.join(ROOT, 'docs', 'images', `${name}-${theme}.png`) })
        : page.screenshot();
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
      await expect(card.getByText('6 …')).toBeVisible();
      await page.locator('[data-section=history] .jja-section-head').click();
      const row = page.locator('.jja-item', { hasText: 'leap_years_between' }).first();
      await row.click();
      await expect(page.locator('.jja-run-view')).toBeVisible();
      await page.locator('[data-section=ledger] .jja-section-head').click();
      await expect(page.getByRole('img', { name: /Tokens a day/ })).toBeVisible();
      await page.locator('.jja-panel').evaluate(node => (node.scrollTop = 0));
      await shot('panel');
      await card.getByRole('button', { name: 'Stop' }).click();
      await expect(card).toHaveCount(0);
      await openSection(page, 'model');
      await expect(page.locator('[data-section=model] .jja-choices')).toBeVisible();
      await page.locator('[data-section=julia] .jja-section-head').click();
      await expect(page.getByText('C compiler')).toBeVisible({ timeout: 60_000 });
      // A path of the machine that made the picture says nothing to a reader.
      await page.addStyleTag({ content: '.jja-path { display: none }' });
      await shot('model-and-julia');
    } finally {
      busy.kill('SIGKILL');
    }
  });
}
