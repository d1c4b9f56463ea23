import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { PASSWORD, ROOT, servePage } from './served-page.js';
import { dialogOf, namesIn, sees, visit } from './visitor.js';

/** The element with the focus, as it is announced: its role or tag, and its name. */
function focused(page: Page): Promise<string> {
  return page.evaluate(`
    (({ tagName, type, labels, ariaLabel, textContent }) =>
      [tagName.toLowerCase(), type, (ariaLabel ?? (labels?.[0] ?? { textContent }).textContent).trim()]
        .filter(Boolean).join(' '))(document.activeElement)
  `);
}

/** Presses Tab until an element has the focus, at most so many times. */
async function tabTo(page: Page, name: string, most = 40): Promise<void> {
  const passed: string[] = [];
  for (let count = 0; count < most; count++) {
    await page.keyboard.press('Tab');
    passed.push(await focused(page));
    if (passed.at(-1)?.includes(name)) return;
  }
  throw new Error(`no Tab leads to ${name}, but to ${passed.join(', ')}`);
}

describe('the keyboard alone', () => {
  it('creates a user, and gets the focus back where it began', async () => {
    const served = await servePage({ users: [ROOT] });
    const page = await visit(served);
    await expect.poll(() => focused(page)).toBe('input text Name');
    await page.keyboard.type('root');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await expect.poll(() => namesIn(page)).toEqual(['root']);

    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('a Skip to the content');
    await page.keyboard.press('Enter');
    await tabTo(page, 'New user');
    await page.keyboard.press('Enter');
    await dialogOf(page).waitFor();
    expect(await focused(page)).toBe('input text Name');
    await page.keyboard.type('ann');
    await tabTo(page, 'clerk');
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await sees(dialogOf(page), 'User ann is created.');
    await page.keyboard.press('Escape');
    await expect.poll(() => dialogOf(page).count()).toBe(0);
    expect(await focused(page)).toBe('button button New user');
    expect(await served.auth.users.get('ann')).toMatchObject({ permissions: ['clerk'] });
  });

  it('deletes a user: Escape leaves the question, and the focus stays in the dialog', async () => {
    const served = await servePage();
    const page = await visit(served, { as: 'root' });
    await expect.poll(() => namesIn(page)).toEqual(['jane', 'john', 'root']);
    await tabTo(page, 'john');
    await tabTo(page, 'john');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'john' }).waitFor();
    await page.getByRole('heading', { name: 'Sessions' }).waitFor();
    await sees(page, 'No sessions');
    await tabTo(page, 'Delete user', 80);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Delete john?' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => dialogOf(page).count()).toBe(0);
    expect(await focused(page)).toBe('button button Delete user');

    await page.keyboard.press('Enter');
    await dialogOf(page).waitFor();
    await tabTo(page, 'Delete user', 5);
    await page.keyboard.press('Enter');
    await expect.poll(() => namesIn(page)).toEqual(['jane', 'root']);
    await expect.poll(() => focused(page)).toBe('h1 Users');
  });
});
