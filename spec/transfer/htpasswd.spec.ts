import { describe, expect, it } from 'vitest';
import type { HtpasswdRights } from '../../lib/transfer/htpasswd.js';
import { failure } from '../support/failure.js';
import { fileWith, HASH, imported, OTHER_HASH, openUsers, readAll } from './files.js';

const open = (path: string, rights?: HtpasswdRights) => openUsers(path, { format: 'htpasswd', rights });
const readFrom = async (path: string, rights?: HtpasswdRights) => readAll(await open(path, rights));

const ONLY_BCRYPT = 'only bcrypt hashes (htpasswd -B) can be imported';

describe('an htpasswd file', () => {
  it('gives normal users without permissions', async () => {
    const path = fileWith(`# made by hand\n\nstan:${OTHER_HASH}\r\nユーザー:${HASH}\n`);
    const file = await open(path);
    expect(await readAll(file)).toEqual([imported('stan', { hash: OTHER_HASH }), imported('ユーザー')]);
    await file.close();
  });

  it('gives them the requested type and permissions', async () => {
    const path = fileWith(`stan:${HASH}`);
    const normal = await readFrom(path, { permissions: ['write_points', 'api'] });
    const admin = await readFrom(path, { type: 'admin', permissions: ['api'] });
    expect(normal).toEqual([imported('stan', { permissions: ['api', 'write_points'] })]);
    expect(admin).toEqual([imported('stan', { type: 'admin' })]);
  });

  it.each([
    ['MD5', '$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00', ONLY_BCRYPT],
    ['SHA', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', ONLY_BCRYPT],
    ['crypt', 'rqXexS6ZhobKA', ONLY_BCRYPT],
    ['plain text', 'password', ONLY_BCRYPT],
    ['nothing', '', ONLY_BCRYPT],
    ['half of a bcrypt hash', HASH.slice(0, 40), 'the bcrypt hash is cut off, or its cost is not from 4 to 20'],
    ['a cost of a day', HASH.replace('$04$', '$31$'), 'the bcrypt hash is cut off, or its cost is not from 4 to 20'],
  ])('reports %s instead of a bcrypt hash, and continues', async (_what, hash, refusal) => {
    const users = await readFrom(fileWith(`old:${hash}\nstan:${HASH}\n`));
    expect(users).toEqual([{ name: 'old', refusal }, imported('stan')]);
  });

  it.each([
    ['$2y$', 'a comment'],
    ['$2a$', ''],
    ['$2b$', 'with: more: colons'],
    ['$2y$', '0123456789abcdef0123456789abcdef'],
    ['$2y$', '  ユーザー'],
  ])('may have a comment after the hash, as nginx and Apache allow: %s…:%s', async (prefix, comment) => {
    const hash = HASH.replace(/^\$2.\$/, prefix);
    const path = fileWith(`stan:${hash}:${comment}\nold:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=:${comment}\r\nkim:${hash}\n`);
    expect(await readFrom(path)).toEqual([
      imported('stan', { hash }),
      { name: 'old', refusal: ONLY_BCRYPT },
      imported('kim', { hash }),
    ]);
  });

  it('is recognized by its content, also with comments', async () => {
    for (const line of [`stan:${HASH}:a comment`, `stan:${HASH}:`, 'old:rqXexS6ZhobKA:a comment', `old:$apr1$x$y:a`]) {
      const file = await openUsers(fileWith(`${line}\n`));
      expect(file.format).toBe('htpasswd');
      await file.close();
    }
  });

  it.each(['stan:my realm:0123456789abcdef0123456789abcdef', 'stan::0123456789ABCDEF0123456789ABCDEF\r'])(
    'is not one of htdigest: %j',
    async (line) => {
      const path = fileWith(`${line}\n`);
      const problem = /this is htdigest's NAME:REALM:MD5, .*\. Create the users again with "htpasswd -B"$/;
      await expect(readFrom(path)).rejects.toThrow(problem);
      await expect(openUsers(path)).rejects.toThrow(problem);
      await expect(openUsers(path)).rejects.not.toThrow(/0123456789abcdef/i);
    },
  );

  it('reports a name that no user can have', async () => {
    const users = await readFrom(fileWith(`a b:${HASH}\n`));
    expect(users).toEqual([
      { name: 'a b', refusal: `username must contain only letters, numbers, '-', '.', '@' and '_'. "a b"` },
    ]);
  });

  it('repeats no hash when its columns are swapped', async () => {
    const users = await readFrom(fileWith(`${HASH}:stan\n$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00:kim\n`));
    expect(JSON.stringify(users)).not.toMatch(/aaaa|lZL6V|eIMz/);
    expect(users.map(({ name }) => name)).toEqual(['(a hash)', '(a hash)']);
  });

  it.each([
    ['stan', 'this is not NAME:HASH'],
    [
      'stan:realm:0123456789abcdef0123456789abcdef',
      "this is htdigest's NAME:REALM:MD5, and such a digest cannot be verified here. " +
        'Create the users again with "htpasswd -B"',
    ],
    [`kim:${HASH}`, '"kim" is already in line 1'],
  ])('says what is wrong with %s, and in which line', async (content, problem) => {
    const path = fileWith(`kim:${HASH}\n${content}\n`);
    await expect(readFrom(path)).rejects.toThrow(
      failure('IMPORT_INVALID', 400, `${path}, line 2: ${problem}`) as Error,
    );
  });
});
