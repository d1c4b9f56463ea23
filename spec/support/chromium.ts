import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** A real Chromium, until the test is over: the one at CHROMIUM_PATH, or the one of an npm package. */
export async function startChromium(): Promise<Browser> {
  const browser = await playwright.launch({
    executablePath: process.env['CHROMIUM_PATH'] || (await chromium.executablePath()),
    // Without its sandbox, which Chromium refuses to root. None of the package's own arguments: they switch protections off.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  onTestFinished(() => browser.close());
  return browser;
}
