import NAUGHTY from 'big-list-of-naughty-strings/blns.json' with { type: 'json' };
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { PASSWORD, ROOT, servePage } from './served-page.js';
import { dialogOf, press, visit } from './visitor.js';

/** Whether the page is as wide as its window, and nothing on it has run. */
async function isIntact(page: Page): Promise<boolean> {
  return page.evaluate(`
    document.documentElement.scrollWidth <= innerWidth &&
    document.querySelectorAll('main script, main img, main iframe, main style, main svg a').length === 0
  `);
}

const NOTES = {
  html: '<img src=x onerror="alert(1)"><script>alert(2)</script>',
  style: '</style><style>* { display: none }</style>',
  formula: '=HYPERLINK("http://example.com","click")',
  bidi: '\u202Egnp.exe\u202E\u2067',
  proto: '__proto__',
  template: '{name} {{constructor}} %s',
  long: 'w'.repeat(200),
  accents: 'Z\u0351\u036B\u0343\u036A\u0302\u036B'.repeat(28),
} as const;

describe('a user who means harm', () => {
  it.each(['constructor', '__proto__', 'ʇɯǝɹoן', 'مدير-النظام', 'x'.repeat(120)])(
    'has a name that is text: %s',
    async (name) => {
      const served = await servePage({ users: [ROOT, { name, password: PASSWORD, note: NOTES.html }] });
      const page = await visit(served, { as: 'root' });
      await page.getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
      await press(page, 'Delete user');
      await page.getByRole('dialog', { name: `Delete ${name}?`, exact: true }).waitFor();
      await press(dialogOf(page), 'Cancel');
      expect(await page.getByLabel('Note').inputValue()).toBe(NOTES.html);
      expect(await isIntact(page)).toBe(true);
    },
  );

  it('has notes that are text, each in its row', async () => {
    const users = Object.entries(NOTES).map(([name, note]) => ({ name, password: PASSWORD, note }));
    const page = await visit(await servePage({ users: [ROOT, ...users] }), { as: 'root' });
    for (const [name, note] of Object.entries(NOTES)) {
      const row = page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
      expect(await row.getByRole('rowheader').textContent()).toBe(`${name}${note}`);
    }
    expect(await isIntact(page)).toBe(true);
  });

  it('finds no text that does more than stand there', async () => {
    const notes = NAUGHTY.filter((note) => note.trim() !== '' && [...note].length <= 200);
    const served = await servePage({ users: [ROOT] });
    const kept: string[] = [];
    for (const note of notes) {
      const user = { name: `user-${String(kept.length).padStart(3, '0')}`, password: PASSWORD, note };
      await served.auth.users.create(user).then(
        () => kept.push(note),
        // The API refuses some.
        () => {},
      );
    }
    expect(kept.length).toBeGreaterThan(300);
    const page = await visit(served, { as: 'root' });
    const pager = page.getByRole('navigation', { name: 'Pages' });
    const shown: string[] = [];
    for (;;) {
      await page.getByRole('link', { name: `user-${String(shown.length).padStart(3, '0')}` }).waitFor();
      shown.push(...(await page.getByRole('rowheader').filter({ hasText: 'user-' }).allTextContents()));
      expect(await isIntact(page)).toBe(true);
      if (await pager.getByRole('button', { name: 'Next' }).isDisabled()) break;
      await press(pager, 'Next');
    }
    expect(shown.map((text) => text.slice('user-000'.length))).toEqual(kept);
  });
});
