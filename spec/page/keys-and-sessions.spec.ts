import { describe, expect, it } from 'vitest';
import { API, PASSWORD, type ServedPage, servePage } from './served-page.js';
import { dialogOf, press, sees, signInUnseen, visit } from './visitor.js';

const JANE_VIEW = '?view=user&name=jane';

async function statusWith(served: ServedPage, key: string): Promise<number> {
  return (await served.send({ path: `${API}/me`, headers: { Authorization: `Bearer ${key}` } })).status;
}

async function sessionsOf(served: ServedPage, name: string): Promise<unknown[]> {
  return (await served.send({ path: `${API}/users/${name}/sessions`, auth: `root:${PASSWORD}` })).body.sessions;
}

describe('the keys of a user', () => {
  it('are created, shown once, and revoked', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root', place: JANE_VIEW });
    await sees(page, 'No keys');
    await press(page, 'New key');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Name of the key').fill('the scales');
    await dialog.getByLabel('Expires').selectOption('In 30 days');
    await dialog.getByLabel('Only some permissions').check();
    await dialog.getByRole('checkbox', { name: /^clerk/ }).check();
    await press(dialog, 'Create key');
    await sees(dialog, 'Copy the key now.');
    const key = await dialog.getByLabel('Key', { exact: true }).inputValue();
    expect(await statusWith(served, key)).toBe(200);
    await press(dialog, 'Done');

    const row = page.getByRole('table', { name: 'Keys' }).getByRole('row', { name: /the scales/ });
    expect(await row.getByRole('cell').allTextContents()).toEqual([
      'clerk',
      expect.any(String),
      expect.any(String),
      'Revoke key the scales',
    ]);
    expect(await page.evaluate('document.documentElement.outerHTML')).not.toContain(key);

    await press(page, `Revoke key the scales`);
    await page.getByRole('dialog', { name: 'Revoke key the scales?' }).waitFor();
    await press(dialogOf(page), 'Revoke');
    await sees(page, 'No keys');
    expect(await statusWith(served, key)).toBe(401);
  });

  it('can be for everything, without an end, and need a name that is not taken', async () => {
    const served = await servePage();
    await served.auth.keys.create('jane', { name: 'the scales' });
    const page = await visit(served, { as: 'root', place: JANE_VIEW, failures: [409] });
    await press(page, 'New key');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Name of the key').fill('the scales');
    await dialog.getByLabel('Expires').selectOption('Never');
    await press(dialog, 'Create key');
    await sees(dialog.getByRole('alert'), /the scales/);
    await dialog.getByLabel('Name of the key').fill('the other scales');
    await press(dialog, 'Create key');
    await press(dialog, 'Done');
    const row = page.getByRole('row', { name: /the other scales/ });
    expect(await row.getByRole('cell').allTextContents()).toEqual([
      'All of the user',
      'Never',
      'Never',
      'Revoke key the other scales',
    ]);
  });
});

describe('the sessions of a user', () => {
  it('are listed, and end one by one and all together', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root', place: JANE_VIEW });
    await sees(page, 'No sessions');
    const others = [await visit(served), await visit(served), await visit(served)];
    for (const other of others) await signInUnseen(other.context(), served, 'jane');
    await page.reload();
    const rows = page.getByRole('table', { name: 'Sessions' }).getByRole('row');
    await expect.poll(() => rows.count()).toBe(4);

    await rows
      .nth(1)
      .getByRole('button', { name: /^End the session of/ })
      .click();
    await sees(dialogOf(page), 'jane has to sign in again there.');
    await press(dialogOf(page), 'End');
    await expect.poll(() => rows.count()).toBe(3);
    expect(await sessionsOf(served, 'jane')).toHaveLength(2);

    await press(page, 'End all sessions');
    await press(dialogOf(page), 'End all sessions');
    await sees(page, 'No sessions');
    expect(await sessionsOf(served, 'jane')).toEqual([]);
    await others[0]?.reload();
    expect(others[0]?.url()).toContain('/sign-in');
  });
});
