import { MemoryUserRepository } from 'kapacitor-auth';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { userNamed } from '../support/stored-user.js';
import { JANE, JOHN, PASSWORD, ROOT, servePage } from './served-page.js';
import { namesIn, press, sees, visit } from './visitor.js';

/** The text of each cell in the row of a user. */
function cellsOf(page: Page, name: string): Promise<string[]> {
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
  return row.getByRole('cell').allTextContents();
}

const manyUsers = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `user-${String(index).padStart(3, '0')}`, password: PASSWORD }));

describe('the list of users', () => {
  it('shows type, permissions, state and last login', async () => {
    const store = new MemoryUserRepository();
    const served = await servePage({ auth: { store } });
    store.insert(userNamed('expired', { expires: Date.now() - 1000, note: 'an intern' }));
    await served.auth.users.update('john', { enabled: false, mustChangePassword: true });
    const page = await visit(served, { as: 'root' });
    await expect.poll(() => namesIn(page)).toEqual(['expired', 'jane', 'john', 'root']);
    expect(await cellsOf(page, 'expired')).toEqual(['Select expired', 'Normal', 'None', 'Expired', 'Never']);
    expect(await cellsOf(page, 'jane')).toEqual(['Select jane', 'Normal', 'clerk', 'Enabled', 'Never']);
    expect(await cellsOf(page, 'john')).toEqual([
      'Select john',
      'Normal',
      'write_points',
      'DisabledNew password due',
      'Never',
    ]);
    expect(await cellsOf(page, 'root')).toEqual(['Select root', 'Admin', 'Everything', 'Enabled', expect.any(String)]);
    await sees(page, 'an intern');
    await sees(page, '4 users');
  });

  it('turns pages, and the Back button turns them back', async () => {
    const page = await visit(await servePage({ users: [ROOT, ...manyUsers(119)] }), { as: 'root' });
    await sees(page, '120 users');
    const pager = page.getByRole('navigation', { name: 'Pages' });
    const range = (first: number, last: number) => sees(pager, `${first}–${last} of 120`);
    await range(1, 50);
    expect(await pager.getByRole('button', { name: 'Previous' }).isDisabled()).toBe(true);
    await press(pager, 'Next');
    await range(51, 100);
    expect((await namesIn(page))[0]).toBe('user-049');
    await press(pager, 'Next');
    await range(101, 120);
    expect(await pager.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
    await page.goBack();
    await range(51, 100);
    await page.reload();
    await range(51, 100);
    await press(pager, 'Previous');
    await range(1, 50);
    expect((await namesIn(page))[0]).toBe('root');
  });

  it('is filtered and searched by the server', async () => {
    const served = await servePage();
    await served.auth.users.update('john', { enabled: false });
    const page = await visit(served, { as: 'root' });
    const list = () => expect.poll(() => namesIn(page));
    const asked = (parameter: string) =>
      page.waitForRequest((request) => request.url().includes(`/users?`) && request.url().includes(parameter));
    const by = async (label: string, option: string, parameter: string) => {
      await Promise.all([asked(parameter), page.getByLabel(label, { exact: true }).selectOption(option)]);
    };
    await by('Type', 'Admin', 'type=admin');
    await list().toEqual(['root']);
    await by('Type', 'Normal', 'type=normal');
    await list().toEqual(['jane', 'john']);
    await by('State', 'Disabled', 'enabled=false');
    await list().toEqual(['john']);
    await by('State', 'Any state', 'type=normal');
    await by('Permission', 'clerk', 'permission=clerk');
    await list().toEqual(['jane']);
    await press(page, 'Clear filters');
    await list().toEqual(['jane', 'john', 'root']);
    await Promise.all([asked('q=OH'), page.getByLabel('Search names').fill('OH')]);
    await list().toEqual(['john']);
    await sees(page, '1 user');
  });

  it('keeps its filters in the address', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root', place: '?view=users&q=j&permission=clerk' });
    await expect.poll(() => namesIn(page)).toEqual(['jane']);
    expect(await page.getByLabel('Search names').inputValue()).toBe('j');
    await page.getByRole('link', { name: 'jane' }).click();
    await page.getByRole('heading', { level: 1, name: 'jane' }).waitFor();
    await page.goBack();
    await expect.poll(() => namesIn(page)).toEqual(['jane']);
    expect(await page.getByLabel('Permission', { exact: true }).inputValue()).toBe('clerk');
  });

  it('shows a filter by a permission that nobody defines', async () => {
    const page = await visit(await servePage(), { as: 'root', place: '?view=users&permission=no_longer_defined' });
    expect(await page.getByLabel('Permission', { exact: true }).inputValue()).toBe('no_longer_defined');
    await press(page, 'Clear filters');
    await expect.poll(() => namesIn(page)).toEqual(['jane', 'john', 'root']);
  });

  it('teaches what to do when it is empty', async () => {
    const page = await visit(await servePage({ users: [ROOT] }), { as: 'root' });
    await sees(page, 'One user so far');
    await page.getByLabel('Search names').fill('nobody has this');
    await sees(page, 'No user matches');
    await press(page, 'Clear filters');
    await sees(page, 'One user so far');
  });

  it('can only be read by somebody who may read users, and is not there for others', async () => {
    const reader = { name: 'reader', password: PASSWORD, permissions: ['api'] };
    const served = await servePage({ users: [ROOT, JANE, JOHN, reader] });
    const page = await visit(served, { as: 'jane' });
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    expect(await page.getByRole('navigation', { name: 'Sections' }).getByRole('link').allTextContents()).toEqual([
      'May they?',
      'Your account',
    ]);
    expect(await page.getByRole('button', { name: 'New user' }).count()).toBe(0);
  });
});
