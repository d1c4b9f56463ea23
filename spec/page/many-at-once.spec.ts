import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { servePage } from './served-page.js';
import { dialogOf, namesIn, press, sees, visit } from './visitor.js';

async function select(page: Page, ...names: readonly string[]): Promise<void> {
  for (const name of names) await page.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check();
  await sees(page, `${names.length} selected`);
}

describe('many users at once', () => {
  it('are disabled and enabled after a question that names them', async () => {
    const served = await servePage();
    const states = async () => (await served.auth.users.list()).map(({ enabled }) => enabled);
    const page = await visit(served, { as: 'root' });
    await select(page, 'jane', 'john');
    await press(page, 'Disable');
    const question = page.getByRole('dialog', { name: 'Disable 2 users?' });
    expect(await question.getByRole('listitem').allTextContents()).toEqual(['jane', 'john']);
    await press(question, 'Disable 2 users');
    await sees(page, 'Disabled: 2 users.');
    expect(await states()).toEqual([false, false, true]);
    await select(page, 'jane', 'john');
    await press(page, 'Enable');
    await press(dialogOf(page), 'Enable 2 users');
    await sees(page, 'Enabled: 2 users.');
    expect(await states()).toEqual([true, true, true]);
  });

  it('get permissions, and have to set a new password', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root' });
    await select(page, 'jane', 'john');
    await press(page, 'Set permissions');
    await dialogOf(page).getByRole('checkbox', { name: /^api/ }).check();
    await press(dialogOf(page), 'Set permissions of 2 users');
    await expect.poll(() => served.auth.users.get('jane')).toMatchObject({ permissions: ['api'] });
    await sees(page, 'Permissions set: 2 users.');
    await select(page, 'jane');
    await press(page, 'Require new password');
    await press(dialogOf(page), 'Require it of 1 user');
    await expect.poll(() => served.auth.users.get('jane')).toMatchObject({ mustChangePassword: true });
    expect(await served.auth.users.get('john')).not.toHaveProperty('mustChangePassword');
  });

  it('are deleted as far as possible: the last admin stays, is named, and is still selected', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root' });
    await select(page, 'jane', 'root');
    await press(page, 'Delete');
    await sees(dialogOf(page), 'You are among them.');
    await press(dialogOf(page), 'Delete 2 users');
    await page.getByRole('dialog', { name: 'Not everything was done' }).waitFor();
    await sees(dialogOf(page), 'root is the last admin, and somebody has to manage users.');
    await dialogOf(page).getByRole('button', { name: 'Close' }).last().click();
    await expect.poll(() => namesIn(page)).toEqual(['john', 'root']);
    await sees(page, '1 selected');
    expect(await page.getByRole('checkbox', { name: 'Select root' }).isChecked()).toBe(true);
  });
});
