import { describe, expect, it } from 'vitest';
import { API, PASSWORD, servePage } from './served-page.js';
import { dialogOf, press, sees, visit } from './visitor.js';

describe('the account of somebody who is no admin', () => {
  it('shows what the user may do', async () => {
    const page = await visit(await servePage(), { as: 'jane' });
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    const term = page.getByRole('term').filter({ hasText: '/orders' });
    await term.waitFor();
    await sees(page, 'read, write');
  });

  it('changes the password, stays signed in, and signs every other browser out', async () => {
    const served = await servePage();
    const [page, other] = [
      await visit(served, { as: 'jane', failures: [403] }),
      await visit(served, { as: 'jane', failures: [401] }),
    ];
    await page.getByLabel('Current password').fill('not it');
    await page.getByLabel('New password').fill('another password');
    await press(page, 'Change password');
    await sees(page.getByRole('alert'), 'The current password is wrong.');
    expect(await page.getByLabel('New password').inputValue()).toBe('another password');
    await page.getByLabel('Current password').fill(PASSWORD);
    await press(page, 'Change password');
    await sees(page, 'Your password is changed.');
    expect((await served.send({ path: `${API}/me`, auth: 'jane:another password' })).status).toBe(200);
    expect(await page.getByLabel('Current password').inputValue()).toBe('');
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    await other.reload();
    expect(other.url()).toContain('/sign-in');
  });

  it('creates and revokes its keys, and ends its sessions', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'jane' });
    await press(page, 'New key');
    await dialogOf(page).getByLabel('Name of the key').fill('my laptop');
    await dialogOf(page).getByLabel('Only some permissions').check();
    const offered = dialogOf(page).getByRole('group', { name: 'Permissions' }).getByRole('checkbox');
    expect(await offered.count()).toBe(1);
    await offered.check();
    await press(dialogOf(page), 'Create key');
    await press(dialogOf(page), 'Done');
    expect(await served.auth.keys.list('jane')).toMatchObject([{ name: 'my laptop', permissions: ['clerk'] }]);
    await press(page, `Revoke key my laptop`);
    await press(dialogOf(page), 'Revoke');
    await sees(page, 'No keys');
    expect(await served.auth.keys.list('jane')).toEqual([]);
    await page
      .getByRole('table', { name: 'Sessions' })
      .getByRole('button', { name: /^End the session of/ })
      .click();
    await sees(dialogOf(page), 'It may be the browser that you use now.');
  });
});
