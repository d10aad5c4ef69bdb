/** Steps that several stories share. */
const { expect } = require('@jupyterlab/galata');
const fs = require('fs');
const path = require('path');

const ROOT = path.join(__dirname, '..', '..');
const RESULTS = path.join(ROOT, 'test-results');

/** Show the panel with one section (and no other) open. */
async function openSection(page, id) {
  await page.sidebar.openTab('julia-aot-panel');
  await expect(page.locator('.jja-section')).toHaveCount(6);
  for (const section of await page.locator('.jja-section').all()) {
    const head = section.locator('.jja-section-head');
    const wanted = (await section.getAttribute('data-section')) === id;
    if (((await head.getAttribute('aria-expanded')) === 'true') !== wanted) {
      await head.click();
    }
  }
  return page.locator(`[data-section=${id}]`);
}

/**
 * JupyterLab opened once for all the short stories of a file: loading it takes longer than telling one.
 * Returns a function that gives the page, which has galata's `sidebar.openTab` and nothing else of it.
 */
function oneLab(test) {
  let page;
  test.beforeAll(async ({ browser, baseURL }) => {
    test.setTimeout(300_000);
    page = await (await browser.newContext()).newPage();
    await openLab(page, `${baseURL}/lab/workspaces/stories-${Date.now()}`);
  });
  test.afterAll(() => page.context().close());
  return () => page;
}

/** Open JupyterLab at an address and wait until it can be used. */
async function openLab(page, address) {
  await page.goto(address);
  await page.locator('#jupyterlab-splash').waitFor({ state: 'detached', timeout: 120_000 });
  page.sidebar = {
    // JupyterLab may be restoring its side bars just now: a click on the tab of one that has come
    // up meanwhile would close it again.
    openTab: id =>
      expect(async () => {
        if (!(await page.locator(`#${id}`).isVisible())) {
          await page.locator(`[data-id="${id}"]`).click();
        }
        await expect(page.locator(`#${id}`)).toBeVisible({ timeout: 3000 });
      }).toPass()
  };
}

/** A new notebook with cells, none run yet. */
async function notebook(page, cells) {
  await page.notebook.createNew();
  for (const [index, cell] of cells.entries()) {
    if (index > 0) {
      await page.notebook.addCell('code', cell);
    } else {
      await page.notebook.setCell(0, 'code', cell);
    }
  }
}

/** The text of a cell's outputs. */
async function outputOf(page, index) {
  return (await page.notebook.getCellTextOutput(index))?.join('\n') ?? '';
}

/** What `serve.py` says of itself: its process and its directory. */
function server() {
  const port = process.env.JULIA_AOT_TEST_PORT ?? '18888';
  const [pid, home, second] = fs.readFileSync(path.join(RESULTS, `serve-${port}.pid`), 'utf-8').split('\n');
  return { pid: Number(pid), home, second: second === 'second' };
}

/** Nothing that a model wrote was executed or became markup. */
async function expectHarmless(page) {
  expect(await page.evaluate(() => window.hacked)).toBeUndefined();
  await expect(page.locator('img[src="x"]')).toHaveCount(0);
  await expect(page.locator('svg[onload]')).toHaveCount(0);
}

/**
 * Keep a figure for the report. It is compared with its limit only when figures are what is asked
 * for (JULIA_AOT_FIGURES=1): a busy machine is no fault of the software.
 */
function figure(name, value, limit) {
  fs.mkdirSync(RESULTS, { recursive: true });
  fs.appendFileSync(path.join(RESULTS, 'figures.txt'), `${name}: ${value}\n`);
  console.log(`    ${name}: ${value}`);
  if (process.env.JULIA_AOT_FIGURES === '1') {
    expect(value, name).toBeLessThan(limit);
  }
}

/** What axe finds wrong for keyboard and screen-reader users below `selector`, as lines of text. */
async function accessibilityFaults(page, selector) {
  await page.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
  return page.evaluate(async chosen => {
    const found = await window.axe.run(chosen, { resultTypes: ['violations'] });
    return found.violations.map(v => `${v.id} (${v.impact}): ${v.nodes.map(n => n.html.slice(0, 160)).join(' | ')}`);
  }, selector);
}

module.exports = { ROOT, RESULTS, openLab, oneLab, openSection, notebook, outputOf, server, expectHarmless, figure, accessibilityFaults };
