import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { JANE, PASSWORD, ROOT, servePage } from './served-page.js';
import { dialogOf, press, sees, visit } from './visitor.js';

const NARROW: BrowserContextOptions = { viewport: { width: 320, height: 568 } };
/** As at 200 % zoom on a screen of 640 pixels. */
const ZOOMED: BrowserContextOptions = { viewport: { width: 320, height: 284 }, deviceScaleFactor: 2 };

/** How much wider the page, or its dialog, is than the window. */
function overflowOf(page: Page): Promise<number> {
  return page.evaluate(`
    Math.max(...[document.documentElement, ...document.querySelectorAll('dialog')].map((each) => each.scrollWidth - each.clientWidth))
  `);
}

describe.each([
  ['320 pixels wide', NARROW],
  ['zoomed to 200 %', ZOOMED],
])('the page %s', (_look, options) => {
  it('has nothing beyond its edge in any view', async () => {
    const long = { name: 'a-name.without.any.place.to.break.it.'.repeat(4), password: PASSWORD, note: 'x'.repeat(200) };
    const served = await servePage({ users: [ROOT, JANE, long] });
    await served.auth.keys.create('jane', { name: 'k'.repeat(64) });
    const page = await visit(served, { as: 'root', failures: [404], ...options });
    const views = ['users', `user&name=${long.name}`, 'user&name=jane', 'permissions', 'access', 'audit', 'account'];
    for (const view of views) {
      await page.goto(`${served.pageUrl}?view=${view}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await expect.poll(() => page.getByRole('status', { name: 'Loading…' }).count()).toBe(0);
      expect(await overflowOf(page), view).toBeLessThanOrEqual(0);
    }
    await page.goto(`${served.pageUrl}?view=users`);
    await press(page, 'New user');
    await dialogOf(page).getByLabel('Note').fill('reachable');
    expect(await overflowOf(page)).toBeLessThanOrEqual(0);
  });
});

describe('large text', () => {
  it('of 200 % fits', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root', viewport: { width: 800, height: 700 } });
    for (const view of ['users', 'user&name=jane', 'permissions']) {
      await page.goto(`${served.pageUrl}?view=${view}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.evaluate(`document.documentElement.style.setProperty('font-size', '200%')`);
      expect(await overflowOf(page), view).toBeLessThanOrEqual(0);
    }
  });
});

describe('a name that is written from the right', () => {
  it('turns nothing around it', async () => {
    const name = 'مدير-النظام';
    const page = await visit(await servePage({ users: [ROOT, { name, password: PASSWORD }] }), { as: 'root' });
    const link = page.getByRole('link', { name, exact: true });
    expect(await link.locator('bdi').textContent()).toBe(name);
    await link.click();
    await press(page, 'Disable user');
    const question = dialogOf(page).getByText(/is refused from now on/);
    // The name comes first, at the left, although it is written from the right.
    const [sentence, first] = await Promise.all([
      question.boundingBox(),
      question.locator('bdi').first().boundingBox(),
    ]);
    expect(Math.abs((first?.x ?? 0) - (sentence?.x ?? 99))).toBeLessThan(1);
  });
});

describe('times', () => {
  it("are in the reader's zone, to read and to type", async () => {
    const served = await servePage();
    await served.auth.users.update('jane', { expires: new Date('2999-01-31T12:00Z') });
    const page = await visit(served, { as: 'root', place: '?view=user&name=jane', timezoneId: 'Asia/Tokyo' });
    await expect.poll(() => page.getByLabel('Expires').inputValue()).toBe('2999-01-31T21:00');
    await sees(page, /Your time zone: .*Asia\/Tokyo/);
    await page.getByLabel('Expires').fill('2999-02-01T06:30');
    await press(page, 'Save changes');
    await sees(page, 'The changes to jane are saved.');
    expect(await served.auth.users.get('jane')).toMatchObject({ expires: new Date('2999-01-31T21:30Z') });
  });
});
