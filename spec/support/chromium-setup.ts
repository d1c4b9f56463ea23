import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { buildPage } from '../../lib/build/page.js';
import { chromiumOptions } from './chromium.js';

/** Builds the page for users, and starts the Chromium that looks at it. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  await buildPage();
  const server = await chromium.launchServer(await chromiumOptions());
  provide('chromiumUrl', server.wsEndpoint());
  return () => server.close();
}
