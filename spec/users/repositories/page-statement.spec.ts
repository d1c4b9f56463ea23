import { expect, it } from 'vitest';
import type { Page } from '../../../lib/users/repositories/listing.js';
import { pageStatement } from '../../../lib/users/repositories/page-statement.js';

const WHOLE: Page = { prefix: '', after: undefined, offset: 5, limit: 10 };
const END = 'ad\u{10ffff}';

it.each<{ what: string; page: Partial<Page>; where: string; values: string[] }>([
  { what: 'everybody', page: {}, where: '', values: [] },
  { what: 'a prefix', page: { prefix: 'ad' }, where: 'WHERE name >= ? AND name < ?', values: ['ad', END] },
  { what: 'after a name', page: { after: 'ada' }, where: 'WHERE name > ?', values: ['ada'] },
  {
    what: 'a prefix, after one of its names',
    page: { prefix: 'ad', after: 'ada' },
    where: 'WHERE name > ? AND name < ?',
    values: ['ada', END],
  },
  {
    what: 'a prefix, after the name that is it',
    page: { prefix: 'ad', after: 'ad' },
    where: 'WHERE name > ? AND name < ?',
    values: ['ad', END],
  },
  {
    what: 'a prefix, after a name before it by its bytes',
    page: { prefix: '\u{1f600}', after: '\ufffd' },
    where: 'WHERE name >= ? AND name < ?',
    values: ['\u{1f600}', '\u{1f600}\u{10ffff}'],
  },
])('asks for $what, from one place on', ({ page, where, values }) => {
  expect(pageStatement('name', 'people', { ...WHOLE, ...page }, () => '?')).toEqual({
    text: `SELECT name FROM people AS users ${where} ORDER BY name LIMIT ? OFFSET ?`,
    values: [...values, 10, 5],
  });
});

it('numbers the parameters in the order of their values', () => {
  const page = { ...WHOLE, prefix: 'ad', after: 'ada' };
  const { text } = pageStatement('users.hash', 'public.people', page, (position) => `$${position}`);
  expect(text).toBe(
    'SELECT users.hash FROM public.people AS users WHERE name > $1 AND name < $2 ORDER BY name LIMIT $3 OFFSET $4',
  );
});
