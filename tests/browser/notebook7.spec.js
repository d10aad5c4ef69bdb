/** Jupyter Notebook 7, where the panel is on the right and a run is shown in a dialog. */
const { test, expect } = require('@playwright/test');
const { spawn, spawnSync } = require('child_process');
const path = require('path');
const { expectHarmless } = require('./support');

const PORT = Number(process.env.JULIA_AOT_TEST_PORT ?? 18888) + 2;
const BASE = `http://127.0.0.1:${PORT}/`;
const PYTHON = process.env.PYTHON ?? path.join(__dirname, '..', '..', '.venv', 'bin', 'python');
const there = spawnSync(PYTHON, ['-c', 'import notebook']).status === 0;

let server;

test.skip(!there, 'the package notebook is not installed (pip install "notebook>=7.6")');

test.beforeAll(async ({ request }) => {
  test.setTimeout(300_000);
  server = spawn(PYTHON, [path.join(__dirname, 'serve.py'), String(PORT)], {
    stdio: 'ignore',
    env: {
      ...process.env,
      JULIA_AOT_TEST_LOCKED: '1',
      JULIA_AOT_TEST_APP: 'notebook',
      JULIA_AOT_TEST_ROWS: '20'
    }
  });
  await expect
    .poll(() => request.get(`${BASE}api`).then(r => r.status(), () => 0), { timeout: 240_000 })
    .toBe(200);
});

test.afterAll(async () => {
  const ended = new Promise(resolve => server.on('exit', resolve));
  server.kill('SIGTERM');
  await ended;
});

test('the panel is a right panel, and a run opens above the notebook', async ({ page, request }) => {
  const file = 'story.ipynb';
  const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
  const content = { cells: [], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
  const made = await request.put(`${BASE}api/contents/${file}`, {
    headers: { Authorization: 'token test-token' },
    data: { type: 'notebook', format: 'json', content }
  });
  expect(made.ok()).toBe(true);
  await page.goto(`${BASE}notebooks/${file}?token=test-token`);
  await page.locator('.jp-Notebook').waitFor();
  await page.getByRole('menuitem', { name: 'View' }).click();
  await page.locator('.lm-Menu-item', { hasText: 'Right Sidebar' }).hover();
  await page.locator('.lm-Menu-item', { hasText: 'Julia' }).click();
  const panel = page.locator('#julia-aot-panel');
  await expect(panel).toBeVisible();
  const box = await panel.boundingBox();
  const width = page.viewportSize().width;
  expect(box.x + box.width / 2).toBeGreaterThan(width / 2);
  const history = page.locator('[data-section=history]');
  await history.getByRole('searchbox').fill('hostile');
  await history.getByText('hostile_one', { exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('heading', { name: 'hostile_one' })).toBeVisible();
  await expectHarmless(page);
  const view = await dialog.locator('.jja-run-view').boundingBox();
  // Nothing is cut off at the sides of the dialog.
  const frame = await dialog.locator('.jp-Dialog-content').boundingBox();
  expect(view.x).toBeGreaterThanOrEqual(frame.x);
  expect(view.x + view.width).toBeLessThanOrEqual(frame.x + frame.width);
  await page.screenshot({ path: path.join(__dirname, '..', '..', 'test-results', 'notebook7.png') });
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect(dialog).toHaveCount(0);
});
