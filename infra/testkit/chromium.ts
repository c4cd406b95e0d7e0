import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/** Why no browser can be had on this machine, in one sentence; undefined when it can. */
export function whyNoBrowser(): string | undefined {
  return existsSync(EXECUTABLE) ? undefined : `${EXECUTABLE} is not installed`;
}

/** Debian's Chromium without a window, without a sandbox (tests run as root) and without any traffic of its own. */
export async function startBrowser(): Promise<Browser> {
  const reason = whyNoBrowser();
  if (reason !== undefined) throw new Error(`No browser: ${reason}`);
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
