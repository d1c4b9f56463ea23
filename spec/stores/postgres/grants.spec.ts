import { describe, expect, it } from 'vitest';
import { openPostgres, ownSchema, psql, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

/** A repository with users, psql, and what the table of permissions has, as `permission name`. */
async function open() {
  const url = ownSchema();
  const repository = await openPostgres(url);
  await repository.insertMany([
    userNamed('a', { permissions: ['api', 'clerk'] }),
    userNamed('b', { permissions: ['clerk'] }),
    userNamed('c'),
  ]);
  const grantsTable = usersTable(url).replace(/"$/, '_grants"');
  const run = (text: string) => psql(url, text.replaceAll('USERS', usersTable(url)).replaceAll('GRANTS', grantsTable));
  const grants = async () =>
    (await run(`SELECT permission || ' ' || name AS granted FROM GRANTS ORDER BY 1`)).map(({ granted }) => granted);
  return { repository, run, grants };
}

describe('the table of permissions follows the users', () => {
  it.each<[string, string, string[]]>([
    [
      'inserts',
      `INSERT INTO USERS (name, hash, permissions) VALUES ('d', '', '{clerk,all}'), ('e', '', '{}')`,
      ['all d', 'api a', 'clerk a', 'clerk b', 'clerk d'],
    ],
    [
      'inserts one twice in the list of',
      `INSERT INTO USERS (name, hash, permissions) VALUES ('d', '', '{api,api}')`,
      ['api a', 'api d', 'clerk a', 'clerk b'],
    ],
    [
      'inserts beside',
      `INSERT INTO USERS (name, hash, permissions) VALUES ('a', '', '{all}') ON CONFLICT DO NOTHING`,
      ['api a', 'clerk a', 'clerk b'],
    ],
    [
      'puts in the place of',
      `INSERT INTO USERS (name, hash, permissions) VALUES ('a', '', '{all}') ON CONFLICT (name) DO UPDATE SET permissions = excluded.permissions`,
      ['all a', 'clerk b'],
    ],
    [
      'changes',
      `UPDATE USERS SET permissions = '{clerk,api}' WHERE name <> 'a'`,
      ['api a', 'api b', 'api c', 'clerk a', 'clerk b', 'clerk c'],
    ],
    ['takes a permission from', `UPDATE USERS SET permissions = array_remove(permissions, 'clerk')`, ['api a']],
    ['renames', `UPDATE USERS SET name = name || 'x'`, ['api ax', 'clerk ax', 'clerk bx']],
    [
      'swaps the names of',
      `UPDATE USERS SET name = 'x' WHERE name = 'a'; UPDATE USERS SET name = 'a' WHERE name = 'b'; UPDATE USERS SET name = 'b' WHERE name = 'x'`,
      ['api b', 'clerk a', 'clerk b'],
    ],
    ['disables', 'UPDATE USERS SET enabled = false', ['api a', 'clerk a', 'clerk b']],
    ['deletes', `DELETE FROM USERS WHERE name = 'a'`, ['clerk b']],
    [
      'deletes and inserts',
      `DELETE FROM USERS WHERE name = 'a'; INSERT INTO USERS (name, hash, permissions) VALUES ('a', '', '{all}')`,
      ['all a', 'clerk b'],
    ],
    ['truncates', 'TRUNCATE USERS CASCADE', []],
    ['deletes, and thinks better of it,', 'BEGIN; DELETE FROM USERS; ROLLBACK', ['api a', 'clerk a', 'clerk b']],
  ])('whom somebody %s with psql', async (_what, text, expected) => {
    const { run, grants } = await open();
    await run(text);
    expect(await grants()).toEqual(expected);
  });

  it('when rows of both tables are restored, as pg_dump --data-only has them', async () => {
    const { run, grants } = await open();
    await run(`CREATE TEMP TABLE users AS TABLE USERS; CREATE TEMP TABLE granted AS TABLE GRANTS; DELETE FROM USERS;
      INSERT INTO USERS SELECT * FROM users; INSERT INTO GRANTS SELECT * FROM granted`);
    expect(await grants()).toEqual(['api a', 'clerk a', 'clerk b']);
  });

  it('and a user is changed only in the columns that are named', async () => {
    const { repository, run, grants } = await open();
    const [before] = await run(`SELECT xmin, ctid FROM GRANTS WHERE name = 'b'`);
    await repository.replace(userNamed('b', { permissions: ['clerk'], note: 'a note', revision: '2' }), '1');
    expect(await run(`SELECT xmin, ctid FROM GRANTS WHERE name = 'b'`)).toEqual([before]);
    expect(await grants()).toEqual(['api a', 'clerk a', 'clerk b']);
  });
});
