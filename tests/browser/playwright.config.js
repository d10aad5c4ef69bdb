/**
 * Browser tests by user story; `make browser` runs all of them, `make test` those tagged @smoke.
 *
 * Everything is waited for by what can be seen, with deadlines for machines that are slow and busy.
 */
const path = require('path');
const base = require('@jupyterlab/galata/lib/playwright-config');

const port = process.env.JULIA_AOT_TEST_PORT ?? '18888';
const url = `http://127.0.0.1:${port}/`;
const python = process.env.PYTHON ?? path.join(__dirname, '..', '..', '.venv', 'bin', 'python');

module.exports = {
  ...base,
  testDir: __dirname,
  testMatch: '*.spec.js',
  outputDir: path.join(__dirname, '..', '..', 'test-results', 'browser'),
  reporter: [['list']],
  retries: Number(process.env.JULIA_AOT_TEST_RETRIES ?? 0),
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 60_000 },
  use: {
    ...base.use,
    baseURL: url.slice(0, -1),
    // A cell may compile for minutes; the story's own deadline is what counts.
    actionTimeout: 0,
    navigationTimeout: 120_000,
    video: 'off',
    trace: 'off',
    viewport: { width: 1280, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        // Containers have a small /dev/shm.
        '--disable-dev-shm-usage',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync'
      ]
    }
  },
  webServer: {
    command: `${python} ${path.join(__dirname, 'serve.py')} ${port}`,
    url: `${url}api`,
    timeout: 300_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 20_000 },
    reuseExistingServer: process.env.JULIA_AOT_TEST_REUSE === '1'
  }
};
