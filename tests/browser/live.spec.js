/** How soon and how calmly what happens is shown, with figures. */
const { test, expect } = require('@jupyterlab/galata');
const { spawn } = require('child_process');
const path = require('path');
const { ROOT, figure, notebook, openSection, server } = require('./support');

const PYTHON = process.env.PYTHON ?? path.join(ROOT, '.venv', 'bin', 'python');

/** The share of a core that the page is busy while `wait` lasts, in percent. */
async function busyShare(page, wait) {
  // galata's page is more than playwright knows.
  const session = await page.context().newCDPSession(page.context().pages()[0]);
  await session.send('Performance.enable');
  const busy = async () => (await session.send('Performance.getMetrics')).metrics.find(m => m.name === 'TaskDuration').value;
  const [before, began] = [await busy(), Date.now()];
  await wait();
  return (100_000 * ((await busy()) - before)) / (Date.now() - began);
}

test('an event of another process is seen in Now within half a second', async ({ page }) => {
  await openSection(page, 'now');
  const shown = page.evaluate(
    () =>
      new Promise(resolve => {
        const section = document.querySelector('[data-section=now]');
        const look = () => {
          if (section.querySelector('[aria-label=moving_average]')) {
            observer.disconnect();
            resolve(Date.now());
          }
        };
        const observer = new MutationObserver(look);
        observer.observe(section, { childList: true, subtree: true });
      })
  );
  const busy = spawn(PYTHON, [path.join(__dirname, 'busy.py'), 'julia-aot'], {
    env: { ...process.env, JULIA_AOT_DATA_DIR: path.join(server().home, 'julia_aot') }
  });
  const ended = new Promise(resolve => busy.on('exit', resolve));
  // It says when it records its first event, by the clock of this machine.
  const recorded = new Promise(resolve => busy.stdout.once('data', text => resolve(Number(text))));
  figure('event to panel (ms)', (await shown) - (await recorded), 500);
  const card = page.locator('[data-section=now]').getByRole('article', { name: 'moving_average' });
  await card.getByRole('button', { name: 'Stop' }).click();
  await expect(card).toHaveCount(0);
  await ended;
});

test('eight answers of 200 tokens a second: nothing is drawn twice, and then nothing is done', async ({ page }) => {
  await notebook(page, ['from tests.browser.streaming import stream\nstream()']);
  await page.notebook.runCell(0);
  const widget = page.locator('.jp-OutputArea-output section.jja');
  await expect(widget.locator('.jja-stream')).toHaveCount(8);
  await widget.evaluate(node => {
    window.removed = 0;
    new MutationObserver(changes => {
      for (const change of changes) {
        window.removed += change.removedNodes.length;
      }
    }).observe(node.querySelector('.jja-writings'), { childList: true, subtree: true });
    window.written = () => node.querySelector('.jja-writings').textContent.length;
  });
  const before = await page.evaluate(() => window.written());
  const share = await busyShare(page, async () => {
    await expect.poll(() => page.evaluate(() => window.written())).toBeGreaterThan(before + 10_000);
  });
  // Text is appended to what is there: nothing was taken away and made anew.
  expect(await page.evaluate(() => window.removed)).toBe(0);
  figure('browser, 8 × 200 tokens/s (% of a core)', Number(share.toFixed(1)), 60);
  await expect(widget.locator('.jja-chip').first()).toHaveText('done');
  await page.waitForLoadState('networkidle');
  const idle = await busyShare(page, () => page.waitForTimeout(5000)); // the time over which it is measured
  figure('browser, idle with a widget (% of a core)', Number(idle.toFixed(1)), 5);
});
