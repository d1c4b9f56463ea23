import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { startChromium } from '../support/chromium.js';
import { send } from '../support/server.js';
import { Example } from './child.js';
import { folderWithUsers } from './with-users.js';

const EXAMPLE = new URL('../../examples/pages.ts', import.meta.url);

/** Where pictures of the page are kept for people. Undefined: nowhere. */
const PICTURES = process.env['SCREENSHOTS'];

async function start(env: Record<string, string> = {}) {
  const example = new Example(EXAMPLE, { cwd: await folderWithUsers(), env: { PORT: '0', ...env } });
  const [url, port] = await example.printed(/http:\/\/localhost:(\d+)/);
  return { url, port: Number(port), example };
}

/** A window of a browser of its own. Its complaints are kept, and each answer that would open its dialog. */
async function open(browser: Browser, options: BrowserContextOptions = {}) {
  const page = await (await browser.newContext(options)).newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('response', (response) => {
    if (response.headers()['www-authenticate'] !== undefined) complaints.push(`a dialog at ${response.url()}`);
  });
  return { page, complaints };
}

async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
}

describe('examples/pages.ts in a real browser', () => {
  it('leads somebody to the sign-in page, to the page that was asked for, and out again', async () => {
    const { url } = await start();
    const { page, complaints } = await open(await startChromium());
    await page.goto(`${url}/reports/2026?draft=1`);
    expect(page.url()).toBe(`${url}/kapacitor/v1/sign-in?next=%2Freports%2F2026%3Fdraft%3D1`);
    expect(await page.title()).toBe('Reports');
    await signIn(page, 'jane', 'janePassword');
    expect(page.url()).toBe(`${url}/reports/2026?draft=1`);
    expect(await page.getByText('Signed in as').textContent()).toContain('jane');
    expect(complaints).toEqual([]);

    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({
      name: 'kapacitor-auth',
      httpOnly: true,
      sameSite: 'Lax',
      path: '/',
      domain: 'localhost',
    });
    expect(await page.evaluate('JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])')).toBe(
      '["",{},{}]',
    );

    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(page.url()).toBe(`${url}/kapacitor/v1/sign-in?signed-out`);
    expect(await page.getByRole('status').textContent()).toBe('You are signed out.');
    expect(await page.context().cookies()).toEqual([]);
    await page.goto(`${url}/`);
    expect(page.url()).toBe(`${url}/kapacitor/v1/sign-in`);
    expect(complaints).toEqual([]);
  });

  it('refuses a wrong password on the page, keeps the name, and asks to wait after too many', async () => {
    const { url } = await start({ KAPACITOR_AUTH_FAILURE_LIMIT: '2' });
    const { page, complaints } = await open(await startChromium());
    await page.goto(`${url}/about`);
    await page.getByRole('link', { name: 'Sign in' }).click();
    for (const password of ['first', 'second']) {
      await signIn(page, 'jane', password);
      expect(await page.getByRole('alert').textContent()).toBe('The name or the password is wrong.');
      expect(await page.getByLabel('Name').inputValue()).toBe('jane');
      expect(await page.getByLabel('Password').inputValue()).toBe('');
      expect(await page.evaluate('document.activeElement.id')).toBe('password');
    }
    await signIn(page, 'jane', 'janePassword');
    expect(await page.getByRole('alert').textContent()).toMatch(
      /^Too many attempts have failed\. Try again in \d+ (?:minutes|seconds)\.$/,
    );
    expect(await page.context().cookies()).toEqual([]);
    // Chromium writes a line about each page with such a status, and nothing else.
    expect(complaints.filter((text) => !/^Failed to load resource: .* status of 4(?:01|29) /.test(text))).toEqual([]);
  });

  it('signs every browser of a user out when the password changes', async () => {
    const { url, port } = await start();
    const browser = await startChromium();
    const [first, second] = await Promise.all([open(browser), open(browser)]);
    for (const { page } of [first, second]) {
      await page.goto(url);
      await signIn(page, 'jane', 'janePassword');
      expect(page.url()).toBe(`${url}/`);
    }
    const status = await second.page.evaluate(`
      fetch('/kapacitor/v1/users/jane', {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ password: 'another password' }),
      }).then((answer) => answer.status)
    `);
    expect(status).toBe(200);
    await first.page.getByRole('link', { name: 'The report of 2026' }).click();
    expect(first.page.url()).toBe(`${url}/kapacitor/v1/sign-in?next=%2Freports%2F2026`);
    await signIn(first.page, 'jane', 'another password');
    expect(first.page.url()).toBe(`${url}/reports/2026`);
    expect((await send(port, { path: '/', auth: 'jane:another password' })).status).toBe(200);
    expect([...first.complaints, ...second.complaints]).toEqual([]);
  });

  it('does nothing for a form of another site', async () => {
    const { url, port } = await start();
    const { page } = await open(await startChromium());
    await page.goto(url);
    await signIn(page, 'jane', 'janePassword');
    // 127.0.0.1 is another site than localhost.
    await page.route('http://127.0.0.1:1/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="http://localhost:${port}/kapacitor/v1/sign-out"><button>Win</button></form>`,
      }),
    );
    await page.goto('http://127.0.0.1:1/');
    await page.getByRole('button', { name: 'Win' }).click();
    await page.goto(url);
    expect(await page.getByText('Signed in as').textContent()).toContain('jane');
  });

  it('is readable in light and dark, on a narrow screen, and with large text', async () => {
    const { url } = await start();
    const browser = await startChromium();
    const looks: readonly (readonly [string, BrowserContextOptions])[] = [
      ['light', { colorScheme: 'light', viewport: { width: 1_000, height: 700 } }],
      ['dark', { colorScheme: 'dark', viewport: { width: 1_000, height: 700 } }],
      ['narrow', { colorScheme: 'light', viewport: { width: 320, height: 568 } }],
      // As at 200 % zoom on a screen of 640 pixels.
      ['large', { colorScheme: 'dark', viewport: { width: 320, height: 284 }, deviceScaleFactor: 2 }],
    ];
    for (const [name, options] of looks) {
      const { page, complaints } = await open(browser, options);
      await page.goto(`${url}/`);
      await picture(page, name);
      await signIn(page, 'jane', 'wrong');
      await page.getByRole('alert').waitFor();
      await picture(page, `${name}-wrong`);
      const { width = 0 } = page.viewportSize() ?? {};
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(width);
      for (const label of ['Name', 'Password']) {
        const box = await page.getByLabel(label).boundingBox();
        expect(box?.x, name).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? 0), name).toBeLessThanOrEqual(width);
      }
      expect(complaints.filter((text) => !text.includes('status of 401'))).toEqual([]);
    }
  });
});
