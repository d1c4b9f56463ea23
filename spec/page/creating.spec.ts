import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { API, JANE, PASSWORD, ROOT, type ServedPage, servePage } from './served-page.js';
import { dialogOf, namesIn, press, sees, visit } from './visitor.js';

async function startCreating(page: Page, name: string) {
  await press(page, 'New user');
  const dialog = dialogOf(page);
  await dialog.getByLabel('Name', { exact: true }).fill(name);
  return dialog;
}

async function statusOf(served: ServedPage, name: string, password: string): Promise<number> {
  return (await served.send({ path: `${API}/users/${name}`, auth: `${name}:${password}` })).status;
}

describe('creating a user', () => {
  it('generates a password, and shows it once, with a button that copies it', async () => {
    const served = await servePage({ users: [ROOT] });
    const page = await visit(served, { as: 'root', permissions: ['clipboard-read', 'clipboard-write'] });
    const dialog = await startCreating(page, 'clerk-1');
    await dialog.getByLabel('clerk', { exact: false }).first().check();
    await dialog.getByLabel('Note').fill('at the desk');
    await press(dialog, 'Create user');
    await sees(dialog, 'User clerk-1 is created.');
    const password = await dialog.getByLabel('Password', { exact: true }).inputValue();
    expect(password).toMatch(/^[A-Za-z2-9]{20}$/);
    await press(dialog, 'Copy');
    await press(dialog, 'Copied');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(password);
    expect(await statusOf(served, 'clerk-1', password)).toBe(200);
    expect(await served.auth.users.get('clerk-1')).toMatchObject({ permissions: ['clerk'], note: 'at the desk' });

    await press(dialog, 'Done');
    await expect.poll(() => namesIn(page)).toEqual(['clerk-1', 'root']);
    await page.getByRole('link', { name: 'clerk-1' }).click();
    await sees(page, 'Password changed');
    const kept = '[document.documentElement.outerHTML, JSON.stringify(sessionStorage), location.href].join()';
    expect(await page.evaluate(kept)).not.toContain(password);
  });

  it('selects the password to be copied by hand where the browser forbids the button', async () => {
    const page = await visit(await servePage({ users: [ROOT] }), { as: 'root' });
    await page.evaluate(`navigator.clipboard.writeText = () => Promise.reject(new Error('forbidden'))`);
    const dialog = await startCreating(page, 'clerk-1');
    await press(dialog, 'Create user');
    await press(dialog, 'Copy');
    await sees(dialog, 'Selected. Press Ctrl+C to copy.');
    const password = await dialog.getByLabel('Password', { exact: true }).inputValue();
    expect(await page.evaluate('getSelection().toString()')).toBe(password);
  });

  it('takes a password that somebody types, and keeps everything if the server refuses it', async () => {
    const served = await servePage({ users: [ROOT] });
    const page = await visit(served, { as: 'root', failures: [400] });
    const dialog = await startCreating(page, 'clerk-1');
    await dialog.getByLabel('Type a password').check();
    await dialog.getByLabel('New password').fill('short');
    await dialog.getByLabel('Note').fill('at the desk');
    await press(dialog, 'Create user');
    await sees(dialog.getByRole('alert'), /at least 8 characters/);
    expect(await dialog.getByLabel('Name', { exact: true }).inputValue()).toBe('clerk-1');
    expect(await dialog.getByLabel('Note').inputValue()).toBe('at the desk');
    await dialog.getByLabel('New password').fill('long enough');
    await press(dialog, 'Create user');
    await sees(dialog, 'User clerk-1 is created.');
    expect(await dialog.getByLabel('Password', { exact: true }).count()).toBe(0);
    expect(await statusOf(served, 'clerk-1', 'long enough')).toBe(200);
  });

  it('says that a name is taken', async () => {
    const page = await visit(await servePage(), { as: 'root', failures: [409] });
    const dialog = await startCreating(page, 'jane');
    await press(dialog, 'Create user');
    await sees(dialog.getByRole('alert'), 'There is a user jane already. Choose another name.');
  });

  it('outlives that the dialog is closed, and a reload, but for a password', async () => {
    const page = await visit(await servePage({ users: [ROOT] }), { as: 'root' });
    const dialog = await startCreating(page, 'half a name');
    await dialog.getByLabel('Type a password').check();
    await dialog.getByLabel('New password').fill('typed already');
    await page.keyboard.press('Escape');
    await page.reload();
    await press(page, 'New user');
    expect(await dialog.getByLabel('Name', { exact: true }).inputValue()).toBe('half a name');
    expect(await dialog.getByLabel('New password').inputValue()).toBe('');
    expect(await page.evaluate('JSON.stringify(sessionStorage)')).not.toContain('typed already');
  });

  it('creates several at once, each with a password of its own, and names those that it cannot', async () => {
    const served = await servePage({ users: [ROOT, JANE] });
    const page = await visit(served, { as: 'root' });
    await press(page, 'New user');
    const dialog = dialogOf(page);
    await dialog.getByLabel('Create several users at once').check();
    await dialog.getByLabel('Names').fill('ann\njane\nbob');
    await press(dialog, 'Create 3 users');
    await sees(dialog, 'Created: 2 of 3 users.');
    await sees(dialog, 'There is a user jane already.');
    const text = await dialog.getByLabel('Names and passwords').inputValue();
    const passwords = new Map(text.split('\n').map((line) => line.split('\t') as [string, string]));
    expect([...passwords.keys()]).toEqual(['ann', 'bob']);
    expect(new Set(passwords.values()).size).toBe(2);
    for (const [name, password] of passwords) expect(await statusOf(served, name, password)).toBe(200);
    expect(await statusOf(served, 'jane', PASSWORD)).toBe(200);
    await press(dialog, 'Done');
    await expect.poll(() => namesIn(page)).toEqual(['ann', 'bob', 'jane', 'root']);
    await page.getByRole('checkbox', { name: 'Select ann' }).waitFor();
  });
});
