/** Every section of the panel while it loads, when its server fails, and when there is nothing yet. */
const { test, expect } = require('@jupyterlab/galata');
const fs = require('fs');
const path = require('path');
const { RESULTS, ROOT } = require('./support');

const PICTURES = path.join(RESULTS, 'pictures');
const SECTIONS = ['now', 'model', 'julia', 'history', 'builds', 'ledger'];
const EXAMPLES = JSON.parse(fs.readFileSync(path.join(ROOT, 'tests', 'contract', 'server_routes.json'), 'utf-8'));

const NOTHING = {
  runs: { runs: [], total: 0, offset: 0 },
  builds: { builds: [], unreadable: [] },
  doctor: { checked: EXAMPLES.doctor.checked, running: false, error: '', doctor: { julia: [], models: [], devices: [] } },
  model: { runs: 0, model: null, tokens_per_second: null, cached_share: null, warnings: [] },
  settings: EXAMPLES.settings,
  ledger: {
    ...EXAMPLES.ledger,
    runs: 0,
    solved: 0,
    usage: { prompt_tokens: 0, completion_tokens: 0, cached_tokens: 0, seconds: 0 },
    energy_kwh: 0,
    energy_cost: 0,
    cost_per_solved: null,
    baselines: [{ ...EXAMPLES.ledger.baselines[0], cost: 0, per_solved: null }],
    days: []
  }
};
/** One build this version knows and three that it does not. */
const NEWER = { ...EXAMPLES.builds, unreadable: ['01a20ae02951d6c1a44c', '01a20ae02951d6c1a44d', '01a20ae02951d6c1a44e'] };

test.use({ viewport: { width: 900, height: 1500 } });

/** The panel with all sections open; `answer(route name)` is what the server says, `null` for never. */
async function panel(page, answer) {
  await page.route(/\/jupyter-julia-aot\/(runs|builds|doctor|model|settings|ledger)(\?|$)/, async route => {
    const reply = answer(/jupyter-julia-aot\/(\w+)/.exec(route.request().url())[1]);
    if (reply !== null) {
      await route.fulfill(reply);
    }
  });
  await page.sidebar.openTab('julia-aot-panel');
  await page.sidebar.setWidth(340);
  for (const id of SECTIONS) {
    const head = page.locator(`[data-section=${id}] .jja-section-head`);
    if ((await head.getAttribute('aria-expanded')) === 'false') {
      await head.click();
    }
  }
  return id => page.locator(`[data-section=${id}]`);
}

async function shot(page, name) {
  const sections = page.locator('.jja-sections');
  // Nothing sticks out at the sides.
  expect(await sections.evaluate(node => node.scrollWidth - node.clientWidth)).toBeLessThanOrEqual(1);
  await page.locator('.jja-panel').screenshot({ path: path.join(PICTURES, `${name}.png`), animations: 'disabled' });
}

for (const theme of ['light', 'dark']) {
  test(`loading, failing and empty sections, ${theme}`, async ({ page }) => {
    if (theme === 'dark') {
      await page.theme.setDarkTheme();
    }
    let state = 'loading';
    const failure = {
      status: 500,
      body: JSON.stringify({ message: 'cannot read the history: database is locked', remedy: 'stop that process or try again', field: '' })
    };
    const section = await panel(page, name => {
      const json = { status: 200, body: JSON.stringify(name === 'builds' && state === 'newer' ? NEWER : NOTHING[name]) };
      return { loading: null, failing: failure, empty: json, newer: json }[state];
    });
    for (const id of SECTIONS.slice(1)) {
      await expect(section(id).getByText('Loading…')).toBeVisible();
    }
    await shot(page, `sections-loading-${theme}`);

    const reopen = async next => {
      state = next;
      for (const id of SECTIONS) {
        await section(id).locator('.jja-section-head').click();
        await section(id).locator('.jja-section-head').click();
      }
    };
    await reopen('failing');
    for (const id of SECTIONS.slice(1)) {
      await expect(section(id).getByText('database is locked').first()).toBeVisible();
      await expect(section(id).getByRole('button', { name: 'Try again' }).first()).toBeVisible();
    }
    await shot(page, `sections-failing-${theme}`);

    await reopen('empty');
    await expect(section('now').getByText(/Nothing runs/)).toBeVisible();
    await expect(section('model').getByText('not measured yet').first()).toBeVisible();
    await expect(section('julia').getByText('There is no Julia on this machine yet.')).toBeVisible();
    await expect(section('history').getByText(/Nothing yet|Nothing was/)).toBeVisible();
    await expect(section('builds').getByText(/Nothing was compiled yet/)).toBeVisible();
    await expect(section('ledger').getByText('Nothing was generated in this time.')).toBeVisible();
    await shot(page, `sections-empty-${theme}`);

    await reopen('newer');
    await expect(section('builds').getByText(/3 builds were written by a newer version/)).toBeVisible();
    await expect(section('builds').getByRole('article', { name: 'tool' })).toBeVisible();
    await shot(page, `sections-newer-${theme}`);
  });
}
