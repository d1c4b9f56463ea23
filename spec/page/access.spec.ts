import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { servePage } from './served-page.js';
import { press, sees, visit } from './visitor.js';

describe('may they, and why?', () => {
  it('answers for the user who is shown', async () => {
    const page = await visit(await servePage(), { as: 'root', place: '?view=user&name=jane' });
    await page.getByLabel('Method').selectOption('POST');
    await page.getByLabel('Path').fill('/secrets');
    await press(page, 'Explain');
    await page.getByRole('heading', { name: 'No: jane may not POST /secrets' }).waitFor();
    await sees(page, 'POST needs the privilege write.');
    await page.getByRole('link', { name: 'Change the permissions of jane' }).click();
    await page.getByRole('heading', { level: 1, name: 'jane' }).waitFor();
  });

  it('answers for any user, keeps the question in the address, and names the permission that decides', async () => {
    const page = await visit(await servePage(), { as: 'root', place: '?view=access' });
    await sees(page, 'Somebody got 403?');
    await page.getByLabel('User').fill('jane');
    await page.getByLabel('Path').fill('/orders/17');
    await press(page, 'Explain');
    await page.getByRole('heading', { name: 'Yes: jane may GET /orders/17' }).waitFor();
    await sees(page, 'clerk opens /orders for read and write');
    await page.reload();
    await page.getByRole('heading', { name: 'Yes: jane may GET /orders/17' }).waitFor();
    await page.getByLabel('Method').selectOption('DELETE');
    await press(page, 'Explain');
    await page.getByRole('heading', { name: 'No: jane may not DELETE /orders/17' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Yes: jane may GET /orders/17' }).waitFor();
  });

  it('says that there is no such user', async () => {
    const page = await visit(await servePage(), { as: 'root', place: '?view=access', failures: [404] });
    await page.getByLabel('User').fill('nobody');
    await page.getByLabel('Path').fill('/orders');
    await press(page, 'Explain');
    await sees(page.getByRole('alert'), 'There is no user nobody any more.');
  });

  it('answers somebody who is no admin about herself', async () => {
    const page = await visit(await servePage(), { as: 'jane', place: '?view=access' });
    expect(await page.getByLabel('User').count()).toBe(0);
    await page.getByLabel('Path').fill('orders');
    await press(page, 'Explain');
    await page.getByRole('heading', { name: 'Yes: jane may GET /orders' }).waitFor();
  });
});

describe('the permissions', () => {
  it("are listed with what they open, the app's own first, and lead to who has them", async () => {
    const page = await visit(await servePage(), { as: 'root', place: '?view=permissions' });
    const own = page.getByRole('table', { name: 'Permissions of this app' });
    await own.getByRole('row', { name: /clerk.*\/orders: read, write/ }).waitFor();
    const kapacitor = page.getByRole('table', { name: 'Permissions of Kapacitor' });
    expect(await kapacitor.getByRole('rowheader').allTextContents()).toEqual([
      'api',
      'config_api',
      'write_points',
      'all',
    ]);
    await own.getByRole('link', { name: 'Who has it' }).click();
    await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor();
    expect(await page.getByLabel('Permission', { exact: true }).inputValue()).toBe('clerk');
    await sees(page, '1 user');
  });

  it('teach how to define own ones where there are none', async () => {
    const page = await visit(
      await servePage({ permissions: {}, users: [{ name: 'root', password: 'a password of theirs', type: 'admin' }] }),
      {
        as: 'root',
        place: '?view=permissions',
      },
    );
    await sees(page, 'This app has no permissions of its own');
  });
});

describe('the audit log', () => {
  it('shows what happened last, and more with a button', async () => {
    const served = await servePage({ auth: { auditLog: join(temporaryFolder(), 'audit.log') } });
    await served.send({ path: '/orders', auth: 'jane:not her password' });
    const page = await visit(served, { as: 'root', place: '?view=audit' });
    const table = page.getByRole('table', { name: 'Audit events, the newest first' });
    await table
      .getByRole('row', { name: /login-failed.*jane/ })
      .first()
      .waitFor();
    await served.auth.users.delete('john');
    await press(page, 'Reload');
    await expect.poll(() => table.getByRole('row').nth(1).textContent()).toMatch(/user-deleted.*john/);
  });

  it('says how to keep one where none is kept', async () => {
    const page = await visit(await servePage(), { as: 'root', place: '?view=audit', failures: [404] });
    await sees(page, 'No audit log is kept');
    await sees(page, '[auth] audit-log = "audit.log"');
  });
});
