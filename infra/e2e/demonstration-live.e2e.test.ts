import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { startBrowser, whyNoBrowser } from '../testkit/chromium.ts';
import { leftIn, NOTHING_LEFT } from '../testkit/left-in.ts';
import { whyNoSandbox } from '../testkit/sandbox.ts';
import { skipBecause } from '../testkit/skip.ts';
import { temporaryDirectory } from '../testkit/temporary-directory.ts';
import { runStart } from './demonstration-run.ts';

const PAGE = /Page\s+(?<url>http:\/\/127\.0\.0\.1:\d+)\s+password (?<password>\S+)/;
const NOBODY = 65_534;

skipBecause(whyNoSandbox() ?? whyNoBrowser()).test(
  'shows itself on a page behind a login, and ends cleanly on Ctrl-C',
  async () => {
    const directory = await temporaryDirectory('live');
    // So small a budget that the first day of the week already exceeds it.
    const run = runStart(['--minutes', '4', '--budget', '150MB', '--directory', directory.path]);
    const { url = '', password = '' } = (await run.untilSaid(PAGE)).groups ?? {};
    const browser = await startBrowser();
    try {
      await signInAndLook(browser, url, password);
      await run.untilSaid(/evicted [1-9]/);
    } finally {
      await browser.close();
      run.process.kill('SIGINT');
    }
    expect(await run.ended).toBe(0);
    expect(await leftIn(directory.path)).toEqual(NOTHING_LEFT);
    await directory.remove();
  },
);

async function signInAndLook(browser: Browser, url: string, password: string): Promise<void> {
  const page = await browser.newPage();
  await page.goto(`${url}/`);
  expect(page.url()).toContain('/login');
  expect(await page.textContent('body')).not.toContain('freedesktop');

  await page.fill('input[type=password]', 'wrong');
  await page.click('button[type=submit]');
  expect(page.url()).toContain('/login');
  await page.fill('input[type=password]', password);
  await page.click('button[type=submit]');

  // The first images come with the first jobs of the week.
  await page.getByText('registry.freedesktop.org').first().waitFor({ timeout: 30_000 });
  await page
    .getByText(/journal/i)
    .first()
    .waitFor();
  await page.goto(`${url}/queues`);
  await page.getByText('resolve').first().waitFor();
}

skipBecause(whyNoSandbox()).test(
  'starts again after kill -9 and leaves nothing of the killed run',
  async () => {
    const directory = await temporaryDirectory('killed');
    const killed = runStart(['--minutes', '4', '--directory', directory.path]);
    await killed.untilSaid(/pulls\s+[1-9]/);
    killed.process.kill('SIGKILL');
    await once(killed.process, 'exit');
    expect((await leftIn(directory.path)).processes).toBeGreaterThan(0);

    const next = runStart(['--minutes', '4', '--directory', directory.path]);
    await next.untilSaid(/pulls\s+[1-9]/);
    next.process.kill('SIGINT');

    expect(await next.ended).toBe(0);
    expect(await leftIn(directory.path)).toEqual(NOTHING_LEFT);
    await directory.remove();
  },
);

skipBecause(process.getuid?.() === 0 ? undefined : 'it needs root to become nobody').test(
  'without root it says on its first line that nothing is real, and runs all the same',
  async () => {
    const directory = await temporaryDirectory('nobody');
    await chmod(directory.path, 0o777);
    const run = runStart(['--minutes', '4', '--directory', `${directory.path}/demo`], { uid: NOBODY });
    await run.untilSaid(/jobs\s+[1-9]/);
    run.process.kill('SIGINT');

    expect(await run.ended).toBe(0);
    expect(run.stdout().split('\n')[0]).toMatch(/IN-MEMORY engine, since .*needs root/);
    expect(run.stdout()).toMatch(/disk .*\(in-memory\)/);
    await directory.remove();
  },
);

describe('what cannot be understood', () => {
  test.each([
    [['--budget', '600'], /CONFIG_INVALID.*--budget.*600/s],
    [['--fast'], /CONFIG_INVALID.*--fast/s],
  ])('is refused before anything starts: %j', async (args, said) => {
    const run = runStart(args);
    expect(await run.ended).toBe(1);
    expect(run.stderr()).toMatch(said);
  });
});
