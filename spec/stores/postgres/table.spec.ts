import { describe, expect, it } from 'vitest';
import { TableNames } from '../../../lib/stores/postgres/schema.js';

describe('the names in the database', () => {
  it('are of public.kapacitor_auth_users where nothing is said', () => {
    const { schema, users, version } = new TableNames();
    expect({ schema, users, version }).toEqual({
      schema: '"public"',
      users: '"public"."kapacitor_auth_users"',
      version: '"public"."kapacitor_auth_users_version"',
    });
  });

  it('are quoted, and what is in quotes as well', () => {
    const names = new TableNames({ schema: `a"b`, table: `"; DROP TABLE x --` });
    expect(names.users).toBe('"a""b"."""; DROP TABLE x --"');
    expect(names.part('admins')).toBe('"""; DROP TABLE x --_admins"');
    expect(names.inSchema('notify')).toBe('"a""b"."""; DROP TABLE x --_notify"');
    expect(names.bare).toEqual({ schema: `a"b`, users: `"; DROP TABLE x --`, version: `"; DROP TABLE x --_version` });
  });

  it('all have room in what PostgreSQL keeps of a name', () => {
    const names = new TableNames({ table: 'x'.repeat(40) });
    for (const suffix of [
      'version',
      'admins',
      'revise',
      'notify',
      'notify_update',
      'notify_delete',
      'notify_truncate',
    ]) {
      expect(Buffer.byteLength(names.part(suffix)) - 2).toBeLessThanOrEqual(63);
    }
  });
});

describe('the channel and the locks of a table', () => {
  const tables = [
    new TableNames(),
    new TableNames({ table: 'b' }),
    new TableNames({ schema: 'b' }),
    new TableNames({ schema: 'b.b', table: 'c' }),
    new TableNames({ schema: 'b', table: 'b.c' }),
  ];

  it('are its own', () => {
    expect(new Set(tables.map(({ channel }) => channel)).size).toBe(tables.length);
    const keys = tables.flatMap((names) => [names.lockKey('admins'), names.lockKey('migration')]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('are the same for each process', () => {
    const [one, two] = [new TableNames({ schema: 'x' }), new TableNames({ schema: 'x' })];
    expect(one.channel).toBe(two.channel);
    expect(one.lockKey('admins')).toBe(two.lockKey('admins'));
  });

  it('can be written without quotes, and as a number of 64 bits', () => {
    for (const names of tables) {
      expect(names.channel).toMatch(/^kapacitor_auth_[\da-f]{16}$/);
      expect(BigInt.asIntN(64, BigInt(names.lockKey('admins')))).toBe(BigInt(names.lockKey('admins')));
    }
  });
});
