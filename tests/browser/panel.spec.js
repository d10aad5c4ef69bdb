const { test, expect } = require('@jupyterlab/galata');
const fs = require('fs');
const path = require('path');
const { figure, notebook, oneLab, openSection, outputOf, server } = require('./support');

const lab = oneLab(test);

test('Julia: toolchains, what they can do, and why not the rest', async ({ page }) => {
  const julia = await openSection(page, 'julia');
  await expect(julia.getByText('C compiler')).toBeVisible({ timeout: 120_000 });
  const answer = await page.evaluate(async () => (await fetch('/jupyter-julia-aot/doctor')).json());
  for (const toolchain of answer.doctor.julia) {
    await expect(julia.getByText(`Julia ${toolchain.version}`).first()).toBeVisible();
    for (const why of Object.values(toolchain.reason)) {
      await expect(julia.getByText(why).first()).toBeVisible();
    }
  }
  await expect(julia.getByRole('button', { name: 'Install Julia' })).toBeEnabled();
});

test('the model server is switched, in the settings, the file and a running kernel', async ({ page }) => {
  await notebook(page, ['%load_ext jupyter_julia_aot', 'from jupyter_julia_aot.settings import settings\nsettings().base_url']);
  await page.notebook.runCell(0);
  await page.notebook.runCell(1);
  const model = await openSection(page, 'model');
  const address = 'http://127.0.0.1:9/v1';
  await model.getByLabel('Address of another server').fill(address);
  await model.getByRole('button', { name: 'Use', exact: true }).click();
  await expect(model.getByText(address).first()).toBeVisible();
  const file = path.join(server().home, 'config', 'jupyter_julia_aot.json');
  await expect.poll(() => fs.existsSync(file) && fs.readFileSync(file, 'utf-8')).toContain(address);
  await page.notebook.runCell(1);
  expect(await outputOf(page, 1)).toContain(address);
  await model.getByLabel(/^Automatic/).check();
  await expect.poll(() => fs.readFileSync(file, 'utf-8')).not.toContain(address);
});

test('a discovered server is chosen, and the notebook asks it', async ({ page }) => {
  test.skip(!server().second, 'the ports that discovery looks at are taken on this machine');
  await notebook(page, ['%load_ext jupyter_julia_aot', 'from jupyter_julia_aot.model import locate\nlocate().model']);
  await page.notebook.runCell(0);
  const model = await openSection(page, 'model');
  await model.getByRole('button', { name: 'Look for servers again' }).click();
  await model.getByRole('radio', { name: /second-coder/ }).check({ timeout: 120_000 });
  await expect(model.locator('dt:has-text("Model") + dd').first()).toHaveText('second-coder');
  await page.notebook.runCell(1);
  expect(await outputOf(page, 1)).toContain('second-coder');
  await model.getByLabel(/^Automatic/).check();
  await page.notebook.runCell(1);
  await expect.poll(() => outputOf(page, 1)).toContain('scripted-coder');
});

test('the embedded model is started, taken into use, asked, and stopped', async ({ page }) => {
  test.setTimeout(600_000);
  const model = await openSection(page, 'model');
  await model.getByRole('button', { name: 'Start the embedded model' }).click();
  const stop = model.getByRole('button', { name: 'Stop the embedded model' });
  // The first start may fetch the model.
  await expect(stop).toBeVisible({ timeout: 400_000 });
  const address = model.locator('dt:has-text("Server") + dd');
  await expect(address).toHaveText(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
  await expect(model.locator('dt:has-text("Context") + dd')).toContainText('8 slots');
  await model.getByRole('button', { name: 'Test prompt' }).click();
  const now = await openSection(page, 'now');
  await expect(now.locator('[data-job=serve]').first()).toBeVisible();
  await expect(now.locator('[data-job=gen]').first().locator('.jja-badge')).toHaveText(/done|failed/, {
    timeout: 200_000
  });
  const answer = await page.evaluate(async () => (await fetch('/jupyter-julia-aot/runs?limit=1')).json());
  expect(answer.runs[0].model).toBe('smollm2-135m-instruct');
  await openSection(page, 'model');
  await stop.click();
  await expect(model.getByRole('button', { name: 'Start the embedded model' })).toBeVisible();
  await expect(model.getByLabel(/^Automatic/)).toBeChecked();
});

test('the ledger @smoke: own watts and tariff, other prices, break-even', async () => {
  const page = lab();
  const ledger = await openSection(page, 'ledger');
  await ledger.getByLabel('Time span').selectOption({ label: 'last year' });
  await expect(ledger.getByRole('img', { name: /Tokens a day/ })).toBeVisible();
  const cost = () => ledger.locator('tr:has-text("Cost") td').first().textContent();
  await expect(ledger.getByText(/of \d.*\d runs/)).toBeVisible();
  const before = parseFloat(await cost());
  const watts = ledger.getByLabel('Watts');
  const old = Number(await watts.inputValue());
  await watts.fill(String(old * 10));
  await watts.press('Enter');
  await expect.poll(async () => Math.round(parseFloat(await cost()) / before)).toBe(10);
  await ledger.getByLabel('Compare with').fill('gpt-5');
  await ledger.getByLabel('Compare with').press('Enter');
  await expect(ledger.getByRole('columnheader', { name: 'gpt-5, USD' })).toBeVisible();
  await ledger.getByLabel(/^Hardware/).fill('2000');
  await ledger.getByLabel(/^Hardware/).press('Enter');
  await expect(ledger.getByText(/The hardware is (paid for after|never paid)|hardware is never paid/)).toBeVisible();
  await watts.fill(String(old));
  await watts.press('Enter');
  await expect.poll(async () => parseFloat(await cost())).toBeCloseTo(before, 3);
});

test('the settings editor shows the same settings as the magics', async ({ page }) => {
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('settingeditor:open', { query: 'Julia ahead of time' })
  );
  const editor = page.locator('.jp-SettingsPanel');
  await expect(editor.getByText('Candidates per generation.')).toBeVisible({ timeout: 60_000 });
  await expect(editor.getByText('Power drawn while generating, watts.')).toBeVisible();
});

test('a second tab sees the same @smoke', async () => {
  const page = lab();
  const history = await openSection(page, 'history');
  await expect(history.locator('.jja-item').first()).toBeVisible();
  const second = await page.context().newPage();
  await second.goto(page.url().replace(/\/lab.*/, '/lab/workspaces/second'));
  await second.locator('[data-id=julia-aot-panel]').click();
  const other = second.locator('[data-section=history]');
  if ((await other.locator('.jja-section-head').getAttribute('aria-expanded')) === 'false') {
    await other.locator('.jja-section-head').click();
  }
  await expect(other.locator('.jja-item').first()).toBeVisible();
  const star = other.locator('.jja-item').first().locator('.jja-star');
  await star.click();
  // What one tab does, the other shows, through the live channel.
  await expect(history.locator('.jja-item').first().locator('.jja-star')).toHaveText('★');
  await star.click();
  await expect(history.locator('.jja-item').first().locator('.jja-star')).toHaveText('☆');
  await second.close();
});

test('dark theme: the panel follows @smoke', async () => {
  const page = lab();
  const theme = name =>
    page.evaluate(theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme }), name);
  await openSection(page, 'history');
  const ground = () =>
    page.locator('.jja-panel').evaluate(node => {
      const [r, g, b] = getComputedStyle(node).backgroundColor.match(/\d+/g).map(Number);
      return (r + g + b) / 3;
    });
  expect(await ground()).toBeGreaterThan(200);
  await theme('JupyterLab Dark');
  await expect.poll(ground).toBeLessThan(60);
  await theme('JupyterLab Light');
});

test('an open, idle panel costs next to nothing', async ({ page, context }) => {
  await openSection(page, 'history');
  await expect(page.locator('.jja-item').first()).toBeVisible();
  const session = await context.newCDPSession(context.pages()[0]);
  await session.send('Performance.enable');
  const busy = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(m => m.name === 'TaskDuration').value;
  };
  await page.waitForLoadState('networkidle');
  const before = await busy();
  const seconds = 5;
  await page.waitForTimeout(seconds * 1000); // the time over which the work is measured
  const share = ((await busy()) - before) / seconds;
  figure('browser, idle with the panel open (% of a core)', Number((100 * share).toFixed(1)), 5);
});

test('cells of our magics are coloured as Julia', async ({ page }) => {
  await notebook(page, ['%%julia_trial\nfunction f(x)\n    return x # twice\nend', 'for x in []:\n    pass']);
  const mime = index =>
    page.evaluate(i => window.jupyterapp.shell.currentWidget.content.widgets[i].model.mimeType, index);
  await expect.poll(() => mime(0)).toBe('text/x-julia');
  expect(await mime(1)).not.toBe('text/x-julia');
  await page.notebook.setCell(0, 'code', 'print(1)');
  await expect.poll(() => mime(0)).not.toBe('text/x-julia');
});
