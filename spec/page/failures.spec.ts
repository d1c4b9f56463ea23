import { MemoryUserRepository } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { JANE, PASSWORD, ROOT, servePage } from './served-page.js';
import { dialogOf, namesIn, press, sees, visit } from './visitor.js';

const JANE_VIEW = '?view=user&name=jane';
const MARY = { name: 'mary', password: PASSWORD, type: 'admin' } as const;

/** A store that can be out of reach. */
class UnreachableRepository extends MemoryUserRepository {
  isUp = true;

  override find(name: string): ReturnType<MemoryUserRepository['find']> {
    if (!this.isUp) throw new Error('connect ECONNREFUSED');
    return super.find(name);
  }
}

describe('what was typed is not lost', () => {
  it('when the store is out of reach', async () => {
    const store = new UnreachableRepository();
    const served = await servePage({ auth: { store } });
    const page = await visit(served, { as: 'root', place: JANE_VIEW, failures: [503] });
    await page.getByLabel('Note').fill('typed');
    store.isUp = false;
    await press(page, 'Save changes');
    await sees(page.getByRole('alert'), /^The user store does not answer/);
    expect(await page.getByLabel('Note').inputValue()).toBe('typed');
    store.isUp = true;
    await press(page, 'Save changes');
    await sees(page, 'The changes to jane are saved.');
    expect(await served.auth.users.get('jane')).toMatchObject({ note: 'typed' });
  });

  it('when the network is down', async () => {
    const page = await visit(await servePage(), { as: 'root', place: JANE_VIEW, failures: [0] });
    await page.getByLabel('Note').fill('typed');
    await page.context().setOffline(true);
    await press(page, 'Save changes');
    await sees(page.getByRole('alert'), /^The server does not answer\. Check your connection/);
    expect(await page.getByLabel('Note').inputValue()).toBe('typed');
    await page.context().setOffline(false);
    await press(page, 'Save changes');
    await sees(page, 'The changes to jane are saved.');
  });

  it('when the session has ended elsewhere: the page asks for the password, and goes on', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root', place: JANE_VIEW, failures: [401] });
    await page.getByLabel('Note').fill('typed');
    await served.send({
      method: 'DELETE',
      path: '/kapacitor/v1/users/root/sessions',
      auth: `root:${PASSWORD}`,
    });
    await press(page, 'Save changes');
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.getByLabel('Password').fill('not it');
    await press(dialog, 'Sign in');
    await sees(dialog.getByRole('alert'), 'The password is wrong.');
    await dialog.getByLabel('Password').fill(PASSWORD);
    await press(dialog, 'Sign in');
    await sees(page, `The changes to jane are saved.`);
    expect(await served.auth.users.get('jane')).toMatchObject({ note: 'typed' });
  });

  it('when somebody signs in again only after a while, on the sign-in page', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root', place: JANE_VIEW, failures: [401] });
    await page.getByLabel('Note').fill('typed');
    await page.context().clearCookies();
    await press(page, 'Save changes');
    await dialogOf(page).getByRole('link', { name: 'Sign in as somebody else' }).click();
    await page.getByLabel('Name').fill('root');
    await page.getByLabel('Password').fill(PASSWORD);
    await press(page, 'Sign in');
    await page.getByRole('heading', { level: 1, name: 'jane' }).waitFor();
    await expect.poll(() => page.getByLabel('Note').inputValue()).toBe('typed');
  });

  it('when the admin has been demoted meanwhile', async () => {
    const served = await servePage({ users: [ROOT, MARY, JANE] });
    const page = await visit(served, { as: 'root', place: JANE_VIEW, failures: [403] });
    await page.getByLabel('Note').fill('typed');
    await served.auth.users.update('root', { type: 'normal' });
    await press(page, 'Save changes');
    await sees(page.getByRole('alert'), /^The server refused this/);
    expect(await page.getByLabel('Note').inputValue()).toBe('typed');
    expect(await served.auth.users.get('jane')).not.toHaveProperty('note');
  });

  it('when it was too often: the page says how long to wait', async () => {
    const served = await servePage({ auth: { failureLimit: 2 } });
    const page = await visit(served, { as: 'jane', failures: [403, 429] });
    await page.getByLabel('New password').fill('another password');
    for (const guess of ['first', 'second', 'third']) {
      await page.getByLabel('Current password').fill(guess);
      await press(page, 'Change password');
      await page.getByRole('button', { name: 'Change password', disabled: false }).waitFor();
    }
    await sees(page.getByRole('alert'), /^That was too often: .*Try again in \d+/);
    expect(await page.getByLabel('New password').inputValue()).toBe('another password');
  });
});

describe('a list that cannot be loaded', () => {
  it('says why, and is loaded with a button', async () => {
    const store = new UnreachableRepository();
    const page = await visit(await servePage({ auth: { store } }), { as: 'root', failures: [503] });
    await expect.poll(() => namesIn(page)).toEqual(['jane', 'john', 'root']);
    store.isUp = false;
    await page.getByLabel('Type', { exact: true }).selectOption('Admin');
    await sees(page.getByRole('alert'), /^The user store does not answer/);
    store.isUp = true;
    await press(page, 'Try again');
    await expect.poll(() => namesIn(page)).toEqual(['root']);
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('says so from the start as well', async () => {
    const store = new UnreachableRepository();
    const page = await visit(await servePage({ auth: { store } }), { as: 'root', failures: [503] });
    // The page has asked who it is for before it shows a list.
    await expect.poll(() => namesIn(page)).toEqual(['jane', 'john', 'root']);
    await page.route('**/me', async (route) => {
      store.isUp = false;
      await route.continue();
    });
    await page.reload();
    await sees(page.getByRole('alert'), /^The user store does not answer/);
    store.isUp = true;
    await page.unroute('**/me');
    await press(page, 'Try again');
    await expect.poll(() => namesIn(page)).toEqual(['jane', 'john', 'root']);
  });
});
