import { describe, expect, it } from 'vitest';
import { Damage } from '../../../lib/transfer/kapacitor-db/damage.js';
import { KapacitorUserReader } from '../../../lib/transfer/kapacitor-db/kapacitor-user.js';
import {
  definitions,
  int,
  type KapacitorRecord,
  message,
  privilegesOf,
  recordMessage,
  recordOf,
  text,
  uint,
} from '../../support/bolt-writer.js';

const HASH = `$2a$10$${'.'.repeat(53)}`;
const JOHN: KapacitorRecord = { name: 'john', hash: HASH, privileges: privilegesOf(['api']) };
const read = (record: Buffer) => new KapacitorUserReader().read({ name: 'john', record });
const readAs = (changes: KapacitorRecord) => read(recordOf({ ...JOHN, ...changes }));
/** A value whose fields are these bytes. */
const value = (...parts: (Buffer | readonly number[])[]) => Buffer.concat([definitions(), message(64, ...parts)]);

describe("a Kapacitor's record of a user", () => {
  it('is read as Kapacitor writes it', () => {
    expect(readAs({})).toEqual({ name: 'john', type: 'normal', permissions: ['api'], enabled: true, hash: HASH });
  });

  it.each([64, 65, 100, 126, 127, 1000])('is read with type numbers from %i on', (first) => {
    expect(read(recordOf(JOHN, first))).toHaveProperty('permissions', ['api']);
  });

  it('is read after a record with other type numbers', () => {
    const reader = new KapacitorUserReader();
    for (const first of [64, 70, 64, 300]) {
      expect(reader.read({ name: 'john', record: recordOf(JOHN, first) })).toHaveProperty('name', 'john');
    }
  });

  it('may have no privileges, left out or as an empty map', () => {
    const { privileges: _, ...without } = JOHN;
    expect(read(recordOf(without))).toHaveProperty('permissions', []);
    expect(readAs({ privileges: [] })).toHaveProperty('permissions', []);
  });

  it.each([
    [[], []],
    [['api'], ['api']],
    [['config_api'], ['config_api']],
    [['write_points'], ['write_points']],
    [['all'], ['all']],
    [
      ['api', 'config_api'],
      ['api', 'config_api'],
    ],
    [
      ['api', 'write_points'],
      ['api', 'write_points'],
    ],
    [
      ['config_api', 'write_points'],
      ['config_api', 'write_points'],
    ],
    [['api', 'config_api', 'write_points'], ['all']],
    [['all', 'api'], ['all']],
    [['all', 'config_api'], ['all']],
  ] as const)('has the permissions %j, in any order of the map', (permissions, expected) => {
    const privileges = privilegesOf(permissions);
    expect(readAs({ privileges })).toHaveProperty('permissions', expected);
    expect(readAs({ privileges: privileges.reverse() })).toHaveProperty('permissions', expected);
  });

  it('makes an admin without permissions, although Kapacitor keeps those of the creation', () => {
    expect(readAs({ admin: true })).toMatchObject({ type: 'admin', permissions: [] });
  });

  it.each<[string, NonNullable<KapacitorRecord['privileges']>]>([
    [
      'one resource is missing',
      [
        ['/api', [4]],
        ['/api/write', [0]],
      ],
    ],
    [
      'one is another',
      [
        ['/api/ping', [4]],
        ['/api/tasks', [4]],
      ],
    ],
    ['one more is there', [...privilegesOf(['api']), ['/api/tasks', [4]]]],
    [
      'one is granted that was taken away',
      [
        ['/api', [4]],
        ['/api/write', [0]],
        ['/api/config', [4]],
      ],
    ],
    [
      'a privilege is a part of all',
      [
        ['/api/ping', [4]],
        ['/api/config', [1]],
      ],
    ],
    [
      'a privilege is unknown',
      [
        ['/api/ping', [4]],
        ['/api/config', [5]],
      ],
    ],
    [
      'a privilege is negative',
      [
        ['/api/ping', [4]],
        ['/api/config', [-4]],
      ],
    ],
    [
      'there are two',
      [
        ['/api/ping', [4]],
        ['/api/config', [4, 4]],
      ],
    ],
    [
      'there is none',
      [
        ['/api/ping', [4]],
        ['/api/config', []],
      ],
    ],
    [
      'they are a subscription of InfluxDB',
      [
        ['/api/write', [2]],
        ['/api/ping', [4]],
        ['/database/a_clean', [2]],
      ],
    ],
  ])('is refused with %s of its privileges, because a guess could grant too much', (_what, privileges) => {
    expect(() => readAs({ privileges })).toThrow(
      'the record of the user "john" has privileges that no permissions give',
    );
    expect(() => readAs({ privileges, admin: true })).toThrow('has privileges that no permissions give');
  });

  it.each([
    ['is cut off', `$2a$10$${'.'.repeat(52)}`],
    ['costs too much', `$2a$21$${'.'.repeat(53)}`],
    ['is of another algorithm', '$argon2id$v=19$m=65536'],
    ['has a bit too many in its salt', `$2a$10$${'.'.repeat(21)}/${'.'.repeat(31)}`],
    ['has a bit too many at its end', `$2a$10$${'.'.repeat(52)}/`],
  ])('is refused when its hash %s, and the hash is not repeated', (_what, hash) => {
    expect(() => readAs({ hash })).toThrow(
      /^the record of the user "john" has no bcrypt hash with a cost from 4 to 20$/,
    );
  });

  it('is refused without a hash, because nobody could log in', () => {
    const { hash: _, ...without } = JOHN;
    expect(() => read(recordOf(without))).toThrow('the record of the user "john" has no password hash');
  });

  it.each([
    ['another name', recordOf({ ...JOHN, name: 'jane' }), 'is that of another user'],
    ['no name', recordOf({ hash: HASH }), 'is that of another user'],
    ['nothing', Buffer.alloc(0), 'is cut off'],
    ['no value', definitions(), 'is cut off'],
    ['a byte at its end', Buffer.concat([recordOf(JOHN), Buffer.alloc(1)]), 'has bytes after its end'],
    ['two values', Buffer.concat([recordOf(JOHN), recordMessage(JOHN)]), 'has bytes after its end'],
    [
      'a value of another type',
      Buffer.concat([definitions(), recordMessage(JOHN, 65)]),
      'has a value that is not a user',
    ],
    ['a byte in its value', value([1], text('john'), [0, 0]), 'has bytes after its end'],
    ['an admin that is 2', value([1], text('john'), [1, 2, 0]), 'has an admin flag that is neither true nor left out'],
    [
      'an admin that is false',
      value([1], text('john'), [1, 0, 0]),
      'has an admin flag that is neither true nor left out',
    ],
    ['an empty hash', value([1], text('john'), [2], text(''), [0]), 'has an empty field, which Go never writes'],
    ['a fifth field', value([5, 1, 0]), 'has an unknown field'],
    ['a name that is not UTF-8', value([1, 1, 0xff, 0]), 'has a text that is not UTF-8'],
    [
      'a length that is long for its value',
      value([1, 0xff, 4], Buffer.from('john'), [0]),
      'in more bytes than it needs',
    ],
    ['a length with a zero before it', value([1, 0xfe, 0, 200]), 'in more bytes than it needs'],
    ['a length beyond all', value([1, 0xf8, 255, 255, 255, 255, 255, 255, 255, 255]), 'has a number that is too large'],
    ['a name beyond its end', value([1, 100]), 'is cut off'],
    ['a million resources', value([4], uint(1_000_000), [0]), 'has no room for 1000000 elements'],
    ['a resource twice', readableTwice(), 'has a resource twice'],
  ])('is refused with %s', (_what, record, problem) => {
    expect(() => read(record)).toThrow(`the record of the user "john" `);
    expect(() => read(record)).toThrow(problem);
    expect(() => read(record)).toThrow(Damage);
  });

  it.each([
    ['a type that has too low a number', definitions(60), 'does not have the type that Kapacitor gives its users'],
    [
      'other names',
      Buffer.from(definitions().toString('latin1').replace('Admin', 'Clerk'), 'latin1'),
      'does not have the type',
    ],
    [
      'other types',
      Buffer.from(definitions().toString('latin1').replace('Admin\x01\x02', 'Admin\x01\x04'), 'latin1'),
      'does not have the type',
    ],
    ['a type of another kind', message(-64, [1], [0]), 'defines a type of another kind'],
    ['a type that is nothing', message(-64, [0]), 'defines a type as nothing'],
    ['a type that is two', message(-64, [3, 0, 1, 0]), 'defines a type twice'],
    ['a type with two numbers', message(-64, [3, 1, 2], int(70), [0, 0, 0]), 'defines a type with two numbers'],
    ['a struct with something else', message(-64, [3, 3, 1]), 'with an unknown field'],
    ['a field with something else', message(-64, [3, 2, 1, 3, 1]), 'with an unknown field'],
    ['a name with something else', message(-64, [3, 1, 3, 1]), 'with an unknown field'],
    ['a map without elements', message(-64, [4, 2, 4, 0, 0]), 'with an unknown field'],
    ['a definition with something after it', message(-64, [0, 0]), 'has bytes after its end'],
  ])('is refused when its definitions have %s', (_what, start, problem) => {
    expect(() => read(Buffer.concat([start, recordMessage(JOHN)]))).toThrow(problem);
  });

  it('is refused if it is cut off anywhere', () => {
    const record = recordOf(JOHN);
    for (let size = 0; size < record.length; size++) expect(() => read(record.subarray(0, size))).toThrow(Damage);
  });

  it('that belongs to a subscription is refused under a number, because its name is a secret', () => {
    const name = '_sub:s3cret';
    const privileges = [
      ['/api/write', [2]],
      ['/api/ping', [4]],
      ['/database/telegraf_clean', [2]],
    ] as const;
    const reader = new KapacitorUserReader();
    expect(reader.read({ name, record: recordOf({ name, privileges }) })).toEqual({
      name: '_sub: (1)',
      refusal: 'it belongs to a subscription of InfluxDB, and has no password',
    });
    expect(reader.read({ name, record: recordOf({ name, privileges }) })).toHaveProperty('name', '_sub: (2)');
    for (const odd of [{ admin: true }, { hash: HASH }, { privileges: [] }, { privileges: privilegesOf(['api']) }]) {
      expect(() => reader.read({ name, record: recordOf({ name, privileges, ...odd }) })).toThrow(
        /^the record of the user "_sub:…" is not what a subscription has$/,
      );
    }
  });
});

function readableTwice(): Buffer {
  return recordOf({
    ...JOHN,
    privileges: [
      ['/api', [4]],
      ['/api', [4]],
    ],
  });
}
