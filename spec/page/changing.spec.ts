import { describe, expect, it } from 'vitest';
import { API, PASSWORD, type ServedPage, servePage } from './served-page.js';
import { dialogOf, namesIn, press, sees, visit } from './visitor.js';

async function visitJane(served: ServedPage, failures: readonly number[] = []) {
  return visit(served, { as: 'root', place: '?view=user&name=jane', failures, timezoneId: 'UTC' });
}

describe('the view of a user', () => {
  it('changes permissions, note and end, and says that they are saved', async () => {
    const served = await servePage();
    const page = await visitJane(served);
    const save = page.getByRole('button', { name: 'Save changes' });
    expect(await save.isDisabled()).toBe(true);
    await page.getByRole('checkbox', { name: /^clerk/ }).uncheck();
    await page.getByRole('checkbox', { name: /^write_points/ }).check();
    await page.getByLabel('Note').fill('moved to the plant');
    await page.getByLabel('Expires').fill('2999-12-31T18:00');
    await save.click();
    await sees(page, 'The changes to jane are saved.');
    expect(await page.getByLabel('Note').inputValue()).toBe('moved to the plant');
    expect(await served.auth.users.get('jane')).toMatchObject({
      permissions: ['write_points'],
      note: 'moved to the plant',
      expires: new Date('2999-12-31T18:00Z'),
    });
    await page.getByLabel('Note').fill('');
    await page.getByLabel('Expires').fill('');
    await save.click();
    await expect.poll(() => served.auth.users.get('jane')).not.toHaveProperty('note');
    expect(await served.auth.users.get('jane')).not.toHaveProperty('expires');
  });

  it('makes somebody an admin, and takes back what was not saved', async () => {
    const served = await servePage();
    const page = await visitJane(served);
    await page.getByRole('radio', { name: /^Admin/ }).check();
    await press(page, 'Discard changes');
    expect(await page.getByRole('radio', { name: /^Normal/ }).isChecked()).toBe(true);
    await page.getByRole('radio', { name: /^Admin/ }).check();
    await press(page, 'Save changes');
    await expect.poll(() => served.auth.users.get('jane')).toMatchObject({ type: 'admin' });
  });

  it('sets a generated password, which has to be changed first', async () => {
    const served = await servePage();
    const page = await visitJane(served);
    await press(page, 'Set a new password');
    const dialog = dialogOf(page);
    await sees(dialog, 'The old password stops working, and all sessions of the user end.');
    await press(dialog, 'Set a new password');
    await sees(dialog, 'jane has a new password.');
    const password = await dialog.getByLabel('Password', { exact: true }).inputValue();
    await press(dialog, 'Done');
    const statusWith = async (each: string) => (await served.send({ path: `${API}/me`, auth: `jane:${each}` })).status;
    expect([await statusWith(PASSWORD), await statusWith(password)]).toEqual([401, 200]);
    await sees(page, 'New password due');
  });

  it('asks before it disables, and enables again', async () => {
    const served = await servePage();
    const page = await visitJane(served);
    const isEnabled = async () => (await served.auth.users.get('jane'))?.enabled;
    await press(page, 'Disable user');
    await page.getByRole('dialog', { name: 'Disable jane?' }).waitFor();
    await sees(dialogOf(page), 'jane is refused from now on, with the password and with every key');
    await press(dialogOf(page), 'Cancel');
    expect(await isEnabled()).toBe(true);
    await press(page, 'Disable user');
    await press(dialogOf(page), 'Disable user');
    await sees(page, `jane is disabled.`);
    expect(await isEnabled()).toBe(false);
    await press(page, 'Enable user');
    await press(dialogOf(page), 'Enable user');
    await sees(page, `jane is enabled.`);
    expect(await isEnabled()).toBe(true);
  });

  it('asks before it deletes, and goes back to the list', async () => {
    const served = await servePage();
    const page = await visitJane(served);
    await press(page, 'Delete user');
    await page.getByRole('dialog', { name: 'Delete jane?' }).waitFor();
    await sees(dialogOf(page), 'This cannot be undone.');
    await press(dialogOf(page), 'Cancel');
    expect(await served.auth.users.get('jane')).toBeDefined();
    await press(page, 'Delete user');
    await press(dialogOf(page), 'Delete user');
    await expect.poll(() => namesIn(page)).toEqual(['john', 'root']);
    expect(await served.auth.users.get('jane')).toBeUndefined();
  });

  it('says that there is no such user', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root', place: '?view=user&name=nobody', failures: [404] });
    await sees(page.getByRole('alert').first(), 'There is no user nobody any more.');
  });

  it('shows when the user was made, and when the password was changed', async () => {
    const served = await servePage();
    const page = await visitJane(served);
    const facts = page.getByRole('region', { name: 'Facts' });
    const { created } = (await served.auth.users.get('jane')) ?? {};
    const year = String(created?.getUTCFullYear());
    await expect
      .poll(() => facts.getByRole('definition').allTextContents())
      .toEqual(['Normal', expect.stringContaining(year), expect.stringContaining(year), 'Never']);
  });
});
