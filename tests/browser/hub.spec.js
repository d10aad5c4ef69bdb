/**
 * On a server with a token, XSRF checks and a base URL, as behind a JupyterHub. No galata here:
 * its helpers expect an open server at the root.
 */
const { test, expect } = require('@playwright/test');
const { spawn } = require('child_process');
const path = require('path');
const { openLab, openSection } = require('./support');

const PORT = Number(process.env.JULIA_AOT_TEST_PORT ?? 18888) + 1;
const BASE = `http://127.0.0.1:${PORT}/user/ada/`;
const PYTHON = process.env.PYTHON ?? path.join(__dirname, '..', '..', '.venv', 'bin', 'python');

let server;

/** Wait until the server answers. */
async function answers(request) {
  await expect
    .poll(() => request.get(`${BASE}api`).then(r => r.status(), () => 0), { timeout: 240_000 })
    .toBe(200);
}

test.beforeAll(async ({ request }) => {
  test.setTimeout(300_000);
  server = spawn(PYTHON, [path.join(__dirname, 'serve.py'), String(PORT)], {
    stdio: 'ignore',
    env: {
      ...process.env,
      JULIA_AOT_TEST_LOCKED: '1',
      JULIA_AOT_TEST_BASE_URL: '/user/ada/',
      JULIA_AOT_TEST_ROWS: '20'
    }
  });
  await answers(request);
});

test.afterAll(async () => {
  const ended = new Promise(resolve => server.on('exit', resolve));
  server.kill('SIGTERM');
  await ended;
});

const lab = (page, workspace = 'hub') => openLab(page, `${BASE}lab/workspaces/${workspace}?token=test-token`);

test('a stranger gets nothing @smoke', async ({ request }) => {
  for (const route of ['now', 'runs', 'settings', 'ledger', 'jobs']) {
    expect((await request.get(`${BASE}jupyter-julia-aot/${route}`)).status()).toBe(403);
  }
});

test('everything works under the base URL, with the token and XSRF checks on @smoke', async ({ page }) => {
  await lab(page);
  const history = await openSection(page, 'history');
  const first = history.locator('.jja-item').first();
  await expect(first).toBeVisible();
  // A change needs the XSRF token, and comes back through the live channel.
  await first.locator('.jja-star').click();
  await expect(first.locator('.jja-star')).toHaveText('★');
  await expect(page.getByText('The connection to the server is lost.')).toHaveCount(0);
});

test('sections are found after a reload as they were left', async ({ page }) => {
  await lab(page, 'folds');
  await openSection(page, 'ledger');
  await expect(page.locator('[data-section=ledger] .jja-facts-list')).toBeVisible();
  // JupyterLab saves its workspace a moment after a change.
  await page.waitForResponse(r => r.url().includes('/api/workspaces/') && r.request().method() === 'PUT');
  await lab(page, 'folds');
  await page.sidebar.openTab('julia-aot-panel');
  const head = id => page.locator(`[data-section=${id}] .jja-section-head`);
  await expect(head('ledger')).toHaveAttribute('aria-expanded', 'true');
  await expect(head('now')).toHaveAttribute('aria-expanded', 'false');
});

test('work outlives the server: restarted under the open tab, it is found and stopped', async ({
  page,
  request
}) => {
  test.setTimeout(400_000);
  await lab(page, 'restart');
  const now = await openSection(page, 'now');
  await now.getByText('Ask for a function').click();
  await now.getByLabel('Name').fill('endless');
  await now.getByLabel('What it should do').fill('Never end.');
  await now.getByLabel(/^Tests/).fill('@test endless(1) == 1');
  await now.getByRole('button', { name: 'Generate' }).click();
  const job = now.locator('[data-job=gen]').first();
  await expect(job.getByRole('button', { name: 'Stop' })).toBeVisible();
  // JupyterLab says so itself, in front of everything, when the server stays away for long.
  await page.addLocatorHandler(page.locator('.jp-Dialog'), dialog =>
    dialog.locator('.jp-Dialog-footer button').last().click()
  );
  server.kill('SIGUSR1');
  const lost = page.getByText('The connection to the server is lost.');
  await expect(lost).toBeVisible({ timeout: 120_000 });
  await answers(request);
  await expect(lost).toHaveCount(0, { timeout: 120_000 });
  await expect(job.getByRole('button', { name: 'Stop' })).toBeVisible();
  await job.getByRole('button', { name: 'Stop' }).click();
  await expect(job.locator('.jja-badge')).toHaveText('stopped', { timeout: 120_000 });
});
