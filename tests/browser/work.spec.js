const { test, expect } = require('@jupyterlab/galata');
const fs = require('fs');
const path = require('path');
const { expectHarmless, figure, notebook, oneLab, openSection, outputOf, server } = require('./support');

const lab = oneLab(test);

const TESTS = '%%julia_tests mean_of\n@test mean_of([1.0, 3.0]) == 2.0\n@test mean_of([2.0]) == 2.0';

test('a newcomer generates, accepts, compiles and downloads', async ({ page }) => {
  // A system image takes minutes on a slow machine.
  test.setTimeout(900_000);
  await notebook(page, [
    '%load_ext jupyter_julia_aot',
    TESTS,
    '%%julia_gen mean_of -n 2 --no-accept\nThe mean of a vector of numbers.'
  ]);
  const history = await openSection(page, 'history');
  for (const index of [0, 1, 2]) {
    await page.notebook.runCell(index);
  }
  const first = history.locator('.jja-item').first();
  await expect(first.locator('.jja-name')).toHaveText('mean_of');
  await expect(first.locator('.jja-badge')).toHaveText('passed');
  await first.click();
  const run = page.locator('.jja-run-view');
  await run.getByRole('button', { name: 'Accept' }).first().click();
  await expect.poll(() => page.notebook.getCellTextInput(3)).toMatch(/^%julia accept [0-9a-f]{20}/);
  await page.notebook.addCell('code', 'mean_of([1.0, 2.0, 6.0])');
  const last = (await page.notebook.getCellCount()) - 1;
  await page.notebook.runCell(last);
  expect(await outputOf(page, last)).toContain('3.0');

  await page.notebook.addCell('code', '%%juliac mean_tool\nfunction (@main)(args)\n    println("the mean is ", sum([1.0, 2.0, 6.0]) / 3)\n    return 0\nend');
  await page.notebook.runCell((await page.notebook.getCellCount()) - 1);
  expect(await outputOf(page, (await page.notebook.getCellCount()) - 2)).not.toContain('Error');
  const builds = await openSection(page, 'builds');
  const tool = builds.getByRole('article', { name: 'mean_tool' });
  await expect(tool).toBeVisible();
  await tool.locator('.jja-open').click();
  await expect(tool.getByRole('img', { name: /Sizes/ })).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    tool.getByRole('button', { name: 'Download', exact: true }).click()
  ]);
  expect(fs.statSync(await download.path()).size).toBeGreaterThan(1000);
  await tool.getByRole('button', { name: 'Run', exact: true }).click();
  const now = await openSection(page, 'now');
  const job = now.locator('[data-job=run]').first();
  await expect(job.locator('.jja-badge')).toHaveText('done', { timeout: 120_000 });
  await job.locator('.jja-open').click();
  await expect(job.getByText('the mean is 3.0')).toBeVisible();
});

test('a program of the history @smoke: run with arguments, downloaded, and deleted', async () => {
  const page = lab();
  const builds = await openSection(page, 'builds');
  const tool = builds.getByRole('article', { name: 'greet' });
  await tool.locator('.jja-open').click();
  await expect(tool.getByRole('img', { name: /Sizes: .*greet/ })).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    tool.getByRole('button', { name: 'Download', exact: true }).click()
  ]);
  expect(fs.readFileSync(await download.path(), 'utf-8')).toContain('#!/bin/sh');
  const [bundle] = await Promise.all([
    page.waitForEvent('download'),
    tool.getByRole('button', { name: 'Bundle' }).click()
  ]);
  expect(bundle.suggestedFilename()).toBe('greet.zip');
  expect(fs.readFileSync(await bundle.path()).subarray(0, 2).toString()).toBe('PK');
  await tool.getByLabel('Arguments').fill('Ada "Alan T" $(id)');
  await tool.getByRole('button', { name: 'Run', exact: true }).click();
  const now = await openSection(page, 'now');
  const job = now.locator('[data-job=run]').first();
  await expect(job.locator('.jja-badge')).toHaveText('done', { timeout: 120_000 });
  await job.locator('.jja-open').click();
  await expect(job.getByText('hello, Alan T\nhello, $(id)')).toBeVisible();
  await openSection(page, 'builds');
  await tool.locator('.jja-open').click();
  await tool.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(tool).toHaveCount(0);
});

test('what a kernel does appears in Now, and a runaway is stopped there', async ({ page }) => {
  await notebook(page, [
    '%load_ext jupyter_julia_aot',
    '%%julia_tests runaway\n@test runaway(1) == 1',
    '%%julia_gen runaway -n 1 --repair 0 --timeout 300\nNever end.'
  ]);
  await page.notebook.runCell(0);
  await page.notebook.runCell(1);
  const now = await openSection(page, 'now');
  // Not waited for: it does not end by itself.
  const running = page.notebook.runCell(2).catch(() => undefined);
  const card = now.getByRole('article', { name: 'runaway' });
  await expect(card.getByLabel('Candidate 1: being tried')).toBeVisible({ timeout: 120_000 });
  // By the page's own clock: what drives the browser takes its time, too.
  const gone = card.evaluate(
    node =>
      new Promise(resolve => {
        let pressed = 0;
        node.addEventListener('click', () => (pressed = performance.now()), true);
        new MutationObserver((_, observer) => {
          if (!node.isConnected) {
            observer.disconnect();
            resolve(Math.round(performance.now() - pressed));
          }
        }).observe(document.body, { childList: true, subtree: true });
      })
  );
  await card.getByRole('button', { name: 'Stop' }).click();
  figure('stop button to the end of the run (ms)', await gone, 1000);
  await expect(card).toHaveCount(0);
  await running;
  const history = await openSection(page, 'history');
  await expect(history.locator('.jja-item').first().locator('.jja-name')).toHaveText('runaway');
});

test('a hostile answer, live: nothing executes in widget or panel', async ({ page }) => {
  await notebook(page, [
    '%load_ext jupyter_julia_aot',
    '%%julia_tests evil_one\n@test evil_one(1) == 1',
    '%%julia_gen evil_one -n 1 --repair 0\nDo evil.'
  ]);
  await page.notebook.runCell(0);
  await page.notebook.runCell(1);
  await page.notebook.runCell(2);
  const history = await openSection(page, 'history');
  await expect(history.locator('.jja-item').first().locator('.jja-name')).toHaveText('evil_one');
  await history.locator('.jja-item').first().click();
  await expect(page.locator('.jja-run-view').getByText('<img src=x onerror=window.hacked=6>').first()).toBeVisible();
  await expectHarmless(page);
});

test('a background run is stopped in Now; the cell in front goes on', async ({ page }) => {
  await notebook(page, [
    '%load_ext jupyter_julia_aot',
    '%%julia_tests endless\n@test endless(1) == 1',
    '%%julia_gen endless --bg -n 1 --repair 0\nNever end.',
    'import time, pathlib\nwhile not pathlib.Path("go").exists():\n    time.sleep(0.05)\nprint("went on")'
  ]);
  for (const index of [0, 1, 2]) {
    await page.notebook.runCell(index);
  }
  const running = page.notebook.runCell(3).catch(() => undefined);
  const now = await openSection(page, 'now');
  const card = now.getByRole('article', { name: 'endless' });
  // Its first answer has no end: the tokens are told while they come.
  await expect(card.getByText(/\d+ tokens · \d+(\.\d)? tokens\/s/)).toBeVisible({ timeout: 120_000 });
  await card.getByRole('button', { name: 'Stop' }).click({ timeout: 120_000 });
  await expect(card).toHaveCount(0);
  const folder = await page.evaluate(() => window.jupyterapp.shell.currentWidget.context.path);
  fs.writeFileSync(path.join(server().home, 'work', path.dirname(folder), 'go'), '');
  await running;
  await expect.poll(() => outputOf(page, 3)).toContain('went on');
});

test('an evaluation runs, tells its pass rate, and ends with pass@1', async ({ page }) => {
  test.setTimeout(400_000);
  const now = await openSection(page, 'now');
  await now.getByText('Evaluate a model').click();
  await now.getByLabel('File of samples').fill('no/such/file.jsonl');
  await now.getByRole('button', { name: 'Evaluate' }).click();
  await expect(page.getByText(/samples: there is no file/)).toBeVisible();
  await now.getByLabel('File of samples').fill('samples.jsonl');
  await now.getByRole('button', { name: 'Evaluate' }).click();
  const job = now.locator('[data-job=eval]').first();
  await expect(job.locator('.jja-badge')).toHaveText('done', { timeout: 300_000 });
  await job.locator('.jja-open').click();
  await expect(job.getByText('pass@1', { exact: true })).toBeVisible();
  // Three of the four answers are right.
  await expect(job.getByText('75\u202f%')).toBeVisible();
});
