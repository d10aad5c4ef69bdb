/** JupyterLab's start with the panel and without it, by turns, on the same server. */
const { test, expect } = require('@jupyterlab/galata');
const { figure } = require('./support');

const ROUNDS = 5;

test('the panel costs next to nothing when JupyterLab starts', async ({ browser, baseURL }) => {
  test.setTimeout(600_000);

  /** Milliseconds from the request to the end of the splash screen. */
  async function start(withPanel) {
    const context = await browser.newContext();
    const page = await context.newPage();
    if (!withPanel) {
      // The page's own list of extensions says what is loaded: ours is taken off it.
      await page.route(/\/lab(\/workspaces\/[^/]*)?(\?.*)?$/, async route => {
        const answer = await route.fetch();
        const html = await answer.text();
        const changed = html.replace(
          /(<script id="jupyter-config-data" type="application\/json">)([\s\S]*?)(<\/script>)/,
          (_, before, json, after) => {
            const config = JSON.parse(json);
            const all = config.federated_extensions ?? [];
            config.federated_extensions = all.filter(e => e.name !== 'jupyter-julia-aot');
            expect(config.federated_extensions.length).toBe(all.length - 1);
            return before + JSON.stringify(config).replace(/</g, '\\u003c') + after;
          }
        );
        await route.fulfill({ response: answer, body: changed });
      });
    } else {
      // The same detour, so that only the panel differs.
      await page.route(/\/lab(\/workspaces\/[^/]*)?(\?.*)?$/, async route => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, body: await answer.text() });
      });
    }
    const began = Date.now();
    await page.goto(`${baseURL}/lab/workspaces/start-${withPanel ? 'with' : 'without'}`);
    await page.locator('[data-id=filebrowser]').waitFor({ timeout: 120_000 });
    await page.locator('#jupyterlab-splash').waitFor({ state: 'detached', timeout: 120_000 });
    const taken = Date.now() - began;
    expect(await page.locator('[data-id=julia-aot-panel]').count()).toBe(withPanel ? 1 : 0);
    await context.close();
    return taken;
  }

  await start(true);
  await start(false);
  const times = { with: [], without: [] };
  for (let round = 0; round < ROUNDS; round++) {
    times.without.push(await start(false));
    times.with.push(await start(true));
  }
  // The quickest of each: what a busy machine adds is not the panel's.
  const [quickest, bare] = [Math.min(...times.with), Math.min(...times.without)];
  figure('JupyterLab starts without the panel (ms)', bare, Infinity);
  figure('the panel adds to it (%)', Number(((100 * (quickest - bare)) / bare).toFixed(1)), 5);
});
