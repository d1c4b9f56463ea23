import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { JANE, PASSWORD, ROOT, servePage } from './served-page.js';
import { dialogOf, press, sees, visit } from './visitor.js';

/**
 * What axe has against what is on the page. It runs as in the console of a browser, so the policy of the page stays in force. In
 * the dark, only the colours differ.
 */
async function violationsOf(page: Page, colorScheme = 'light'): Promise<unknown[]> {
  const options = colorScheme === 'dark' ? { runOnly: ['color-contrast', 'link-in-text-block'] } : {};
  await page.evaluate(`typeof axe === 'undefined' && (() => { ${axe.source} })()`);
  return page.evaluate(`
    axe.run(${JSON.stringify(options)}).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => [id, target.join(), failureSummary])))
  `);
}

/** Each view, and each dialog of it, by what leads there. */
const VIEWS: Readonly<Record<string, readonly ((page: Page) => Promise<unknown>)[]>> = {
  '?view=users': [
    (page) => press(page, 'New user'),
    (page) => page.getByRole('checkbox', { name: 'Select all users on this page' }).check(),
    (page) => press(page, 'Set permissions'),
  ],
  '?view=users&q=nobody': [],
  '?view=user&name=jane': [
    (page) => press(page, 'Set a new password'),
    (page) => press(page, 'New key'),
    (page) => press(page, 'Disable user'),
    (page) => press(page, 'Delete user'),
  ],
  '?view=permissions': [],
  '?view=access&name=jane&method=GET&path=/secrets': [],
  '?view=audit': [],
  '?view=account': [],
};

it.each(['light', 'dark'] as const)('has no barrier that axe knows in any view or dialog: %s', async (colorScheme) => {
  const served = await servePage({
    users: [ROOT, { ...JANE, note: 'a note' }, { name: 'due', password: PASSWORD, mustChangePassword: true }],
    auth: { auditLog: join(temporaryFolder(), 'audit.log') },
  });
  await served.auth.users.update('due', { enabled: false, expires: new Date(Date.now() + 3_600_000) });
  await served.auth.keys.create('jane', { name: 'the scales' });
  const page = await visit(served, { as: 'root', place: '?view=users', colorScheme });
  const found: Record<string, unknown> = {};
  for (const [view, steps] of Object.entries(VIEWS)) {
    await page.goto(`${served.pageUrl}${view}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await expect.poll(() => page.getByRole('status', { name: 'Loading…' }).count()).toBe(0);
    found[view] = await violationsOf(page, colorScheme);
    for (const [index, step] of steps.entries()) {
      await step(page);
      found[`${view}, step ${index + 1}`] = await violationsOf(page, colorScheme);
      if ((await dialogOf(page).count()) > 0) await page.keyboard.press('Escape');
    }
  }
  const none = Object.keys(found).map((each) => [each, []]);
  expect(found).toEqual(Object.fromEntries(none));
});

it('has none either for somebody who is no admin, and while a request fails', async () => {
  const served = await servePage();
  const page = await visit(served, { as: 'jane', failures: [403] });
  await sees(page, 'No keys');
  await page.getByLabel('Current password').fill('not it');
  await page.getByLabel('New password').fill('another password');
  await press(page, 'Change password');
  await page.getByRole('alert').waitFor();
  expect(await violationsOf(page)).toEqual([]);
});
