import { describe, expect, it } from 'vitest';
import { PAGE, PASSWORD, servePage } from './served-page.js';
import { namesIn, press, sees, visit } from './visitor.js';

describe('signing in', () => {
  it('leads to the place that was asked for', async () => {
    const served = await servePage();
    const page = await visit(served, { place: '?view=user&name=jane' });
    expect(new URL(page.url()).pathname).toBe('/kapacitor/v1/sign-in');
    await page.getByLabel('Name').fill('root');
    await page.getByLabel('Password').fill(PASSWORD);
    await press(page, 'Sign in');
    await page.getByRole('heading', { level: 1, name: 'jane' }).waitFor();
    expect(page.url()).toBe(`${served.pageUrl}?view=user&name=jane`);
    expect(await page.title()).toBe('jane · Users');
  });

  it('shows the list of users to an admin, and who is signed in', async () => {
    const page = await visit(await servePage(), { as: 'root' });
    await expect.poll(() => namesIn(page)).toEqual(['jane', 'john', 'root']);
    await page.getByRole('link', { name: 'Signed in as root' }).waitFor();
  });

  it('ends with a button, and leaves nothing of what was typed', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root' });
    await press(page, 'New user');
    await page.getByLabel('Name', { exact: true }).fill('half a name');
    await page.keyboard.press('Escape');
    await press(page, 'Sign out');
    await sees(page, 'You are signed out.');
    expect(await page.evaluate('[sessionStorage.length, localStorage.length]')).toEqual([0, 0]);
    expect(await page.context().cookies()).toEqual([]);
    await page.goto(`${served.url}${PAGE}`);
    expect(new URL(page.url()).pathname).toBe('/kapacitor/v1/sign-in');
  });
});

describe('a password that must be changed first', () => {
  it('is changed on the sign-in page, which then leads on', async () => {
    const served = await servePage();
    await served.auth.users.update('jane', { mustChangePassword: true });
    const page = await visit(served, { failures: [403] });
    await page.getByLabel('Name').fill('jane');
    await page.getByLabel('Password').fill(PASSWORD);
    await press(page, 'Sign in');
    await page.getByLabel('New password', { exact: true }).fill('a password of her own');
    await page.getByLabel('New password again').fill('a password of her own');
    await page.getByRole('button').click();
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    expect(await served.auth.users.get('jane')).not.toHaveProperty('mustChangePassword');
  });

  it('is asked for as well where the session has begun before', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'jane' });
    await sees(page, 'No keys');
    await served.auth.users.update('jane', { mustChangePassword: true });
    await page.reload();
    await sees(page, 'Choose a new password, jane, before you go on.');
    await page.getByLabel('New password', { exact: true }).fill('a password of her own');
    await page.getByLabel('New password again').fill('a password of her own');
    await page.getByRole('button').click();
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
  });
});
