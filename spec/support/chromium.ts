import chromium from '@sparticuz/chromium';
import { type Browser, type LaunchOptions, chromium as playwright } from 'playwright-core';
import { inject, onTestFinished } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of the Chromium that the specs of the page share. */
    chromiumUrl: string;
  }
}

/** A real Chromium: the one at CHROMIUM_PATH, or the one of an npm package. */
export async function chromiumOptions(): Promise<LaunchOptions> {
  return {
    executablePath: process.env['CHROMIUM_PATH'] || (await chromium.executablePath()),
    // Without its sandbox, which Chromium refuses to root. None of the package's own arguments: they switch protections off.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  };
}

/** A Chromium of its own, until the test is over. */
export async function startChromium(): Promise<Browser> {
  const browser = await playwright.launch(await chromiumOptions());
  onTestFinished(() => browser.close());
  return browser;
}

let shared: Promise<Browser> | undefined;

/** The Chromium that all specs share. Each test has contexts of its own. */
export function sharedChromium(): Promise<Browser> {
  shared ??= playwright.connect(inject('chromiumUrl'));
  return shared;
}
