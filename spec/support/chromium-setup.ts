import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { chromiumOptions } from './chromium.js';

/** Starts the Chromium that all specs of the page for users look at it with. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await chromium.launchServer(await chromiumOptions());
  provide('chromiumUrl', server.wsEndpoint());
  return () => server.close();
}
