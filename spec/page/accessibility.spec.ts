import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { post } from '../support/signed-in.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { API, JANE, PASSWORD, ROOT, type ServedPage, servePage } from './served-page.js';
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

/** Leads to something on a view, such as a dialog. */
type Step = (page: Page, served: ServedPage) => Promise<unknown>;

/** Presses a button of the view, and then one of the dialog that it opens, if it is given. The last dialog has this title. */
function opening(button: string, title: string, next?: string): Step {
  return async (page) => {
    await press(page, button);
    if (next !== undefined) await press(dialogOf(page), next);
    await page.getByRole('dialog', { name: title, exact: true }).waitFor();
  };
}

const creatingUsers: Step = async (page) => {
  await press(page, 'New user');
  await dialogOf(page).getByLabel('Create several users at once').check();
  await dialogOf(page).getByLabel('Names').fill('ann\njane');
  await press(dialogOf(page), 'Create 2 users');
  await sees(dialogOf(page), 'Created: 1 of 2 users.');
};

const creatingKey: Step = async (page) => {
  await press(page, 'New key');
  await dialogOf(page).getByLabel('Name of the key').fill('the other scales');
  await press(dialogOf(page), 'Create key');
  await sees(dialogOf(page), 'Copy the key now.');
};

const endingOneSession: Step = async (page) => {
  await page.getByRole('button', { name: /^End the session of/ }).click();
  await page.getByRole('dialog', { name: 'End this session?' }).waitFor();
};

const losingSession: Step = async (page, { send }) => {
  await send({ method: 'DELETE', path: `${API}/users/root/sessions`, auth: `root:${PASSWORD}` });
  await press(page, 'Reload');
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
};

/** Each view, and what can be opened on it. */
const VIEWS: Readonly<Record<string, readonly Step[]>> = {
  '?view=users&q=nobody': [],
  '?view=user&name=jane': [
    opening('Set a new password', 'A new password for jane'),
    opening('New key', 'New key'),
    opening('Disable user', 'Disable jane?'),
    opening('Delete user', 'Delete jane?'),
    endingOneSession,
    opening('End all sessions', 'End all sessions?'),
    opening('Revoke key the scales', 'Revoke key the scales?'),
    creatingKey,
    opening('Set a new password', 'Set a new password', 'Set a new password'),
  ],
  '?view=user&name=due': [opening('Enable user', 'Enable due?')],
  '?view=permissions': [],
  '?view=access&name=jane&method=GET&path=/secrets': [],
  '?view=users': [
    opening('New user', 'New user'),
    (page) => page.getByRole('checkbox', { name: 'Select all users on this page' }).check(),
    opening('Set permissions', 'Set the permissions of 3 users?'),
    opening('Enable', 'Enable 3 users?'),
    opening('Require new password', 'Require a new password of 3 users?'),
    opening('Delete', 'Delete 3 users?'),
    opening('Disable', 'Not everything was done', 'Disable 3 users'),
    creatingUsers,
  ],
  '?view=account': [],
  '?view=audit': [losingSession],
};

async function serveEverything(): Promise<ServedPage> {
  const served = await servePage({
    users: [ROOT, { ...JANE, note: 'a note' }, { name: 'due', password: PASSWORD, mustChangePassword: true }],
    auth: { auditLog: join(temporaryFolder(), 'audit.log') },
  });
  await served.auth.users.update('due', { enabled: false, expires: new Date(Date.now() + 3_600_000) });
  await served.auth.keys.create('jane', { name: 'the scales' });
  await post(served.send, 'jane', PASSWORD);
  return served;
}

it.each(['light', 'dark'] as const)('has no barrier that axe knows in any view or dialog: %s', async (colorScheme) => {
  const served = await serveEverything();
  const page = await visit(served, { as: 'root', place: '?view=users', colorScheme, failures: [401] });
  const found: Record<string, unknown> = {};
  for (const [view, steps] of Object.entries(VIEWS)) {
    await page.goto(`${served.pageUrl}${view}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await expect.poll(() => page.getByRole('status', { name: 'Loading…' }).count()).toBe(0);
    found[view] = await violationsOf(page, colorScheme);
    for (const [index, step] of steps.entries()) {
      await step(page, served);
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
