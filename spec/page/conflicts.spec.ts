import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { JANE, PASSWORD, ROOT, type ServedPage, servePage } from './served-page.js';
import { dialogOf, press, sees, visit } from './visitor.js';

const MARY = { name: 'mary', password: PASSWORD, type: 'admin' } as const;
const JANE_VIEW = '?view=user&name=jane';

/** Two admins who both look at jane. */
async function twoAdmins(): Promise<{ served: ServedPage; page: Page; other: Page }> {
  const served = await servePage({ users: [ROOT, MARY, JANE] });
  const page = await visit(served, { as: 'root', place: JANE_VIEW, failures: [412] });
  const other = await visit(served, { as: 'mary', place: JANE_VIEW });
  await page.getByLabel('Note').waitFor();
  return { served, page, other };
}

async function writeNote(page: Page, note: string): Promise<void> {
  await page.getByLabel('Note').fill(note);
  await press(page, 'Save changes');
}

describe('two admins in the way of one another', () => {
  it('see what the other one has changed, and lose nothing that they typed', async () => {
    const { served, page, other } = await twoAdmins();
    await other.getByRole('checkbox', { name: /^write_points/ }).check();
    await writeNote(other, 'the note of mary');
    await sees(other, 'The changes to jane are saved.');

    await writeNote(page, 'the note of root');
    await sees(page.getByRole('alert'), 'Somebody has changed jane since you opened it.');
    await page.getByRole('deletion').filter({ hasText: 'clerk' }).waitFor();
    await page.getByRole('insertion').filter({ hasText: 'write_points, clerk' }).waitFor();
    expect(await page.getByLabel('Note').inputValue()).toBe('the note of root');
    expect(await served.auth.users.get('jane')).toMatchObject({ note: 'the note of mary' });

    await press(page, 'Save my changes all the same');
    await sees(page, 'The changes to jane are saved.');
    expect(await served.auth.users.get('jane')).toMatchObject({
      note: 'the note of root',
      permissions: ['write_points', 'clerk'],
    });
  });

  it('can leave the other change as it is', async () => {
    const { served, page, other } = await twoAdmins();
    await writeNote(other, 'the note of mary');
    await sees(other, 'The changes to jane are saved.');
    await writeNote(page, 'the note of root');
    await press(page, 'Discard mine');
    await expect.poll(() => page.getByLabel('Note').inputValue()).toBe('the note of mary');
    expect(await served.auth.users.get('jane')).toMatchObject({ note: 'the note of mary' });
  });

  it('do not delete a user that has become another one', async () => {
    const { served, page } = await twoAdmins();
    await press(page, 'Delete user');
    await served.auth.users.update('jane', { type: 'admin' });
    await press(dialogOf(page), 'Delete user');
    await sees(dialogOf(page).getByRole('alert'), 'Somebody has changed jane since you opened it.');
    await dialogOf(page).getByRole('insertion').filter({ hasText: 'Admin' }).waitFor();
    expect(await served.auth.users.get('jane')).toBeDefined();
    await press(dialogOf(page), 'Delete user');
    await expect.poll(() => served.auth.users.get('jane')).toBeUndefined();
  });

  it('say so if the user is gone', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root', place: JANE_VIEW, failures: [404] });
    await page.getByLabel('Note').waitFor();
    await served.auth.users.delete('jane');
    await writeNote(page, 'the note of root');
    await sees(page.getByRole('alert'), 'There is no user jane any more.');
    expect(await page.getByLabel('Note').inputValue()).toBe('the note of root');
  });
});

describe('the last admin', () => {
  it.each([
    ['Disable user', 'disabled'],
    ['Delete user', 'deleted'],
  ])('stays: %s', async (button) => {
    const served = await servePage();
    const page = await visit(served, { as: 'root', place: '?view=user&name=root', failures: [409] });
    await press(page, button);
    await press(dialogOf(page), button);
    await sees(dialogOf(page).getByRole('alert'), 'root is the last admin, and somebody has to manage users.');
    expect(await served.auth.users.get('root')).toMatchObject({ type: 'admin', enabled: true });
  });

  it('stays an admin', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root', place: '?view=user&name=root', failures: [409] });
    await page.getByRole('radio', { name: /^Normal/ }).check();
    await press(page, 'Save changes');
    await sees(page.getByRole('alert'), 'root is the last admin, and somebody has to manage users.');
    expect(await page.getByRole('radio', { name: /^Normal/ }).isChecked()).toBe(true);
  });
});
