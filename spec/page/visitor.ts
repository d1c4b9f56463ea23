import type { BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { sharedChromium } from '../support/chromium.js';
import { API, PASSWORD, type ServedPage } from './served-page.js';

/** Milliseconds that something on the page may take on a machine that does much else. */
const PATIENCE = 15_000;

interface Visit extends BrowserContextOptions {
  /** The name of the user who has signed in before. Undefined: nobody has. */
  readonly as?: string;
  /** The place on the page, such as '?view=audit'. Defaults to the list of users. */
  readonly place?: string;
  /** The page. Defaults to its place below the API. */
  readonly at?: string;
  /** The statuses of the failures that the test is about. The browser writes a line about each. 0: there is no answer. */
  readonly failures?: readonly number[];
}

/**
 * Opens the page in a browser window of its own, until the test is over. The test fails if the browser complains of anything: an
 * error in a script or on the console, something that the content security policy forbids, or a request to another host.
 */
export async function visit(served: ServedPage, visited: Visit = {}): Promise<Page> {
  const { as, place = '', at = served.pageUrl, failures = [], ...options } = visited;
  const browser = await sharedChromium();
  const context = await browser.newContext({ viewport: { width: 1_200, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  await watch(context, new URL(at).origin, failures);
  if (as !== undefined) await signInUnseen(context, served, as);
  const page = await context.newPage();
  await page.goto(`${at}${place}`);
  return page;
}

/** Begins the session of a browser. */
export async function signInUnseen(context: BrowserContext, { url }: ServedPage, name: string): Promise<void> {
  const answer = await context.request.post(`${url}${API}/session`, { data: { name, password: PASSWORD } });
  if (!answer.ok()) throw new Error(`${name} could not sign in: ${await answer.text()}`);
}

async function watch(context: BrowserContext, origin: string, failures: readonly number[]): Promise<void> {
  const complaints: string[] = [];
  await context.exposeBinding('reportViolation', (_source, text: string) => complaints.push(text));
  await context.addInitScript(`
    addEventListener('securitypolicyviolation', (event) => {
      reportViolation('forbidden by ' + event.effectiveDirective + ': ' + event.blockedURI);
    });
  `);
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`a request to ${request.url()}`);
  });
  const isExpected = (text: string) =>
    failures.some((status) => text.includes(status === 0 ? 'net::ERR_' : `status of ${status} `));
  onTestFinished(async () => {
    // Whatever a page has complained of so far arrives before its answer.
    for (const page of context.pages()) await page.evaluate('0');
    await context.close();
    expect(complaints.filter((text) => !isExpected(text))).toEqual([]);
  });
}

/** The open dialog. */
export function dialogOf(page: Page): Locator {
  return page.getByRole('dialog');
}

/** Waits for a text on the page. */
export async function sees(place: Page | Locator, text: string | RegExp): Promise<void> {
  await place.getByText(text).first().waitFor();
}

/** The names in the list of users. */
export function namesIn(page: Page): Promise<string[]> {
  return page.getByRole('rowheader').getByRole('link').allTextContents();
}

/** Clicks a button, or a part of the page that has one. */
export async function press(place: Page | Locator, name: string): Promise<void> {
  await place.getByRole('button', { name, exact: true }).click();
}
