import { describe, expect, it } from 'vitest';
import type { Page } from '../../../lib/stores/listing.js';
import { countStatement, namesStatement, pageStatement } from '../../../lib/stores/postgres/list-statements.js';

const WHOLE: Page = { prefix: '', after: undefined, offset: 5, limit: 10 };
const TABLES = { users: 'people', grants: 'grants' };
const END = 'ad\u{10ffff}';

it.each<{ what: string; page: Partial<Page>; where: string; values: string[] }>([
  { what: 'everybody', page: {}, where: '', values: [] },
  {
    what: 'a prefix',
    page: { prefix: 'ad' },
    where: 'WHERE users.name >= $1 AND users.name < $2',
    values: ['ad', END],
  },
  { what: 'after a name', page: { after: 'ada' }, where: 'WHERE users.name > $1', values: ['ada'] },
  {
    what: 'a prefix, after one of its names',
    page: { prefix: 'ad', after: 'ada' },
    where: 'WHERE users.name > $1 AND users.name < $2',
    values: ['ada', END],
  },
  {
    what: 'a prefix, after the name that is it',
    page: { prefix: 'ad', after: 'ad' },
    where: 'WHERE users.name > $1 AND users.name < $2',
    values: ['ad', END],
  },
  {
    what: 'a prefix, after a name before it by its bytes',
    page: { prefix: '\u{1f600}', after: '\ufffd' },
    where: 'WHERE users.name >= $1 AND users.name < $2',
    values: ['\u{1f600}', '\u{1f600}\u{10ffff}'],
  },
])('selects $what, from one position on', ({ page, where, values }) => {
  const [limit, offset] = [`$${values.length + 1}`, `$${values.length + 2}`];
  const rest = `people AS users${where && ` ${where}`} ORDER BY users.name LIMIT ${limit} OFFSET ${offset}`;
  const given = { ...WHOLE, ...page };
  const expected = [...values, 10, 5];
  expect(pageStatement('hash', TABLES, given)).toEqual({
    text: `SELECT hash FROM ${rest}`,
    values: expected,
  });
  expect(namesStatement(TABLES, given)).toEqual({
    text: `SELECT users.name AS name FROM ${rest}`,
    values: expected,
  });
});

const SELECTION = { prefix: 'ad', type: 'normal', enabled: false, permission: 'api' } as const;

it('selects users by their type and their state', () => {
  const { permission: _, ...selection } = SELECTION;
  const where = `WHERE users.name >= $1 AND users.name < $2 AND type = 'normal' AND NOT enabled`;
  expect(pageStatement('hash', TABLES, { ...WHOLE, ...selection })).toEqual({
    text: `SELECT hash FROM people AS users ${where} ORDER BY users.name LIMIT $3 OFFSET $4`,
    values: ['ad', END, 10, 5],
  });
  expect(countStatement(TABLES, { prefix: '', type: 'admin', enabled: true })).toEqual({
    text: `SELECT count(*) AS count FROM people AS users WHERE type = 'admin' AND enabled`,
    values: [],
  });
});

describe('a permission', () => {
  const both =
    'grants AS granted CROSS JOIN people AS users WHERE granted.permission = $1 AND users.name = granted.name';

  it('reads the table of permissions first, for the order of its names', () => {
    const range = 'AND granted.name >= $2 AND granted.name < $3 AND users.name >= $2 AND users.name < $3';
    const where = `${range} AND type = 'normal' AND NOT enabled`;
    const values = ['api', 'ad', END];
    const rest = `${both} ${where} ORDER BY granted.name LIMIT $4 OFFSET $5`;
    const page = { ...WHOLE, ...SELECTION };
    expect(pageStatement('hash', TABLES, page)).toEqual({
      text: `SELECT hash FROM ${rest}`,
      values: [...values, 10, 5],
    });
    expect(namesStatement(TABLES, page)).toEqual({
      text: `SELECT granted.name AS name FROM ${rest}`,
      values: [...values, 10, 5],
    });
    expect(countStatement(TABLES, SELECTION)).toEqual({
      text: `SELECT count(*) AS count FROM ${both} ${where}`,
      values,
    });
  });

  it('reads that table alone for names and numbers, if it has all that counts', () => {
    const page: Page = { ...WHOLE, permission: 'api', after: 'ada' };
    const alone = 'grants AS granted WHERE granted.permission = $1';
    expect(namesStatement(TABLES, page)).toEqual({
      text: `SELECT granted.name AS name FROM ${alone} AND granted.name > $2 ORDER BY granted.name LIMIT $3 OFFSET $4`,
      values: ['api', 'ada', 10, 5],
    });
    expect(countStatement(TABLES, { prefix: '', permission: 'api' })).toEqual({
      text: `SELECT count(*) AS count FROM ${alone}`,
      values: ['api'],
    });
    expect(pageStatement('hash', TABLES, { ...WHOLE, permission: 'api' })).toEqual({
      text: `SELECT hash FROM ${both} ORDER BY granted.name LIMIT $2 OFFSET $3`,
      values: ['api', 10, 5],
    });
  });
});
