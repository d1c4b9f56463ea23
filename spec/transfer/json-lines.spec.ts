import { describe, expect, it } from 'vitest';
import { toJsonLine } from '../../lib/transfer/json-lines.js';
import { failure } from '../support/failure.js';
import { fileWith, HASH, imported, openUsers, readAll } from './files.js';

const open = (path: string) => openUsers(path, { format: 'jsonl' });
const readFrom = async (path: string) => readAll(await open(path));

const NAMES =
  '"permissions" must be an array of names: a name has lower-case letters, digits, - and _, begins with a letter, and has ' +
  'at most 64 characters';
const FIELDS =
  'name, type, permissions, enabled, hash, created, passwordChanged, expires, mustChangePassword, note, keys';
const TWICE = `a field is there twice: a user has ${FIELDS}, each once`;

const line = (changes: object = {}) =>
  JSON.stringify({ name: 'stan', type: 'normal', permissions: ['api'], enabled: true, hash: HASH, ...changes });

const invalid = (path: string, number: number, problem: string) =>
  failure('IMPORT_INVALID', 400, `${path}, line ${number}: ${problem}`);

describe('a file of JSON lines', () => {
  it('is what export writes', async () => {
    const users = [
      imported('Größe', { permissions: ['api', 'write_points'], enabled: false }),
      imported('root', { type: 'admin' }),
    ];
    const path = fileWith(users.map((user) => `${toJsonLine(user)}\n`).join(''));
    expect(await readFrom(path)).toEqual(users);
  });

  it('can be read again', async () => {
    const file = await open(fileWith(`${line()}\n`));
    await readAll(file);
    expect(await readAll(file)).toHaveLength(1);
    await file.close();
  });

  it.each([
    ['a byte order mark', `\ufeff${line()}\n`],
    ['line ends of Windows', `${line()}\r\n`],
    ['empty lines', `\n${line()}\n  \n`],
    ['no end of the last line', line()],
  ])('may have %s', async (_what, content) => {
    const users = await readFrom(fileWith(content));
    expect(users.map(({ name }) => name)).toEqual(['stan']);
  });

  it('may have permissions in any form, and an admin loses them', async () => {
    const path = fileWith(
      [line({ permissions: ['write_points', 'api', 'api', 'none'] }), line({ name: 'root', type: 'admin' })].join('\n'),
    );
    const users = await readFrom(path);
    expect(users).toEqual([
      imported('stan', { permissions: ['api', 'write_points'] }),
      imported('root', { type: 'admin', permissions: [] }),
    ]);
  });

  it("may have permissions of the app's own, in any order", async () => {
    const own = ['z', 'write_points', 'a-b', 'clerk', `x${'_'.repeat(63)}`, 'clerk'];
    const users = await readFrom(fileWith(line({ permissions: own })));
    expect(users).toEqual([
      imported('stan', { permissions: ['write_points', 'a-b', 'clerk', `x${'_'.repeat(63)}`, 'z'] }),
    ]);
  });

  it('reports a name that no user can have, and continues', async () => {
    const users = await readFrom(fileWith([line({ name: '..' }), line()].join('\n')));
    expect(users).toEqual([
      { name: '..', refusal: 'username must not be "." or ".."' },
      expect.objectContaining({ name: 'stan' }),
    ]);
  });

  it.each([
    ['{"name": "stan"', 'this is not JSON: the file is cut off here. Export it again'],
    ['{"name": "stan"\n', 'this is not JSON'],
    ['null', 'this is not a user: {"name": …}'],
    ['[]', 'this is not a user: {"name": …}'],
    ['{"name":"stan"}', '"type" is missing'],
    [line({ admin: true }), `unknown field "admin": a user has ${FIELDS}`],
    [line().replace('}', ',"type":"admin"}'), TWICE],
    [line().replace('}', ',"\\u0074ype":"admin"}'), TWICE],
    [line().replace('{', '{"name":{"name":"x"},'), TWICE],
    [line({ name: 1 }), '"name" must be a string'],
    [line({ type: 'root' }), '"type" must be "admin" or "normal"'],
    [line({ permissions: 'api' }), '"permissions" must be an array'],
    [line({ permissions: ['clerk', 'Clerk!'] }), NAMES],
    [line({ permissions: [''] }), NAMES],
    [line({ permissions: [null] }), NAMES],
    [line({ permissions: ['x'.repeat(65)] }), NAMES],
    [line({ enabled: 'yes' }), '"enabled" must be true or false'],
    [line({ hash: 'secret' }), '"hash" must be a bcrypt hash with a cost from 4 to 20'],
    [line({ hash: HASH.replace('$04$', '$31$') }), '"hash" must be a bcrypt hash with a cost from 4 to 20'],
  ])('causes an error with its line: %s', async (content, problem) => {
    const path = fileWith(`${line({ name: 'first' })}\n${content}`);
    await expect(readFrom(path)).rejects.toThrow(invalid(path, 2, problem) as Error);
  });

  it('has each name once', async () => {
    const path = fileWith([line(), line({ name: 'kim' }), line()].join('\n'));
    await expect(readFrom(path)).rejects.toThrow(invalid(path, 3, '"stan" is already in line 1') as Error);
  });

  it('must be UTF-8, with lines of limited length', async () => {
    const latin = fileWith(Buffer.from(line({ name: 'Größe' }), 'latin1'));
    const long = fileWith(`${line()}\n${'x'.repeat(5_000_000)}\n`);
    const endless = fileWith('x'.repeat(9_000_000));
    await expect(readFrom(latin)).rejects.toThrow(invalid(latin, 1, 'this line is not UTF-8') as Error);
    await expect(readFrom(long)).rejects.toThrow(invalid(long, 2, 'this line is too long for a user') as Error);
    await expect(readFrom(endless)).rejects.toThrow(invalid(endless, 1, 'this line is too long for a user') as Error);
  });

  it('causes an error with the reason if it cannot be read', async () => {
    await expect(readFrom('/nowhere/users')).rejects.toThrow(
      failure('IMPORT_INVALID', 400, 'cannot read /nowhere/users: there is no such file') as Error,
    );
  });

  it('may have any character in a name, and white space between fields', async () => {
    const path = fileWith(line({ name: 'a":,\\' }).replaceAll(',"', ' ,  "').replaceAll('":', '" : '));
    expect(await readFrom(path)).toEqual([
      { name: 'a" : ,\\', refusal: expect.stringContaining('username must contain only letters') },
    ]);
  });

  it('repeats no hash that stands where the name should', async () => {
    const path = fileWith(`${line({ name: HASH })}\n${line({ name: HASH })}\n`);
    const error = await readFrom(path).catch((reason: Error) => reason);
    expect((error as Error).message).toBe(`${path}, line 2: "(a hash)" is already in line 1`);
    const [user] = await readFrom(fileWith(line({ name: HASH })));
    expect(user).toEqual({ name: '(a hash)', refusal: expect.stringContaining('"(a hash)"') });
  });

  it('repeats no hash', async () => {
    const error = await readFrom(fileWith(`${line()} ${HASH}\n`)).catch((reason: Error) => reason);
    expect(JSON.stringify([(error as Error).message, String((error as Error).cause)])).not.toContain('aaaa');
  });
});
