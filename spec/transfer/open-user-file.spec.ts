import { readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { toJsonLine } from '../../lib/transfer/json-lines.js';
import { openUserFile, openUserStream } from '../../lib/transfer/open-user-file.js';
import { writeKapacitorDatabase } from '../support/bolt-writer.js';
import { failure } from '../support/failure.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fileWith, HASH, imported, readAll } from './files.js';

const JSON_LINE = `${toJsonLine(imported('stan'))}\n`;
const KNOWN = 'a Kapacitor database (kapacitor.db), an htpasswd file or the JSON lines of "export" can be imported';

async function formatOf(path: string): Promise<string> {
  const file = await openUserFile(path);
  await file.close();
  return file.format;
}

describe('a file of users', () => {
  it('is known by what is in it', async () => {
    const database = fileWith('');
    writeKapacitorDatabase(database, [{ name: 'stan', type: 'normal', permissions: [], hash: HASH }]);
    expect(await formatOf(database)).toBe('Kapacitor database');
    expect(await formatOf(fileWith(`\n\n  ${JSON_LINE}`))).toBe('JSON lines');
    expect(await formatOf(fileWith(`\ufeff${JSON_LINE}`))).toBe('JSON lines');
    expect(await formatOf(fileWith(`# users\nstan:${HASH}\n`))).toBe('htpasswd');
    expect(await formatOf(fileWith('stan:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n'))).toBe('htpasswd');
    expect(await formatOf(fileWith('# nobody yet\n'))).toBe('htpasswd');
  });

  it('is what it is said to be', async () => {
    const file = await openUserFile(fileWith(JSON_LINE), { format: 'htpasswd' });
    expect(file.format).toBe('htpasswd');
    expect((await openUserFile(fileWith(''), { format: 'jsonl' })).format).toBe('JSON lines');
    await expect(openUserFile(fileWith(JSON_LINE), { format: 'kapacitor' })).rejects.toThrow(/^cannot import /);
  });

  it.each([
    ['nothing', '', 'is empty: there are no users in it'],
    ['prose', 'Dear Sir or Madam,\n', `is no file of users: ${KNOWN}`],
    ['zeros', Buffer.alloc(10_000), `is no file of users: ${KNOWN}`],
    ['an archive', gzipSync(JSON_LINE), 'is no file of users: it is compressed: unpack it first'],
    [
      'UTF-16',
      Buffer.from(`\ufeff${JSON_LINE}`, 'utf16le'),
      'is no file of users: it is a text in UTF-16: save it as UTF-8',
    ],
    [
      'an array',
      '\n[\n{"name":"stan"}]',
      'is no file of users: it is a JSON array, such as "user list --json" prints, without hashes: "export" writes what can be imported',
    ],
  ])('has no %s in it', async (_what, content, problem) => {
    const path = fileWith(content);
    await expect(openUserFile(path)).rejects.toThrow(failure('IMPORT_INVALID', 400, `${path} ${problem}`) as Error);
  });

  it('is there, and is a file', async () => {
    await expect(openUserFile('/nowhere')).rejects.toThrow(
      failure('IMPORT_INVALID', 400, 'cannot read /nowhere: there is no such file') as Error,
    );
    await expect(openUserFile(tmpdir())).rejects.toThrow(
      failure('IMPORT_INVALID', 400, `cannot read ${tmpdir()}: it is a folder: name a file`) as Error,
    );
  });
});

describe('users from standard input', () => {
  it('can be read twice, and leave nothing behind', async () => {
    const folder = temporaryFolder();
    vi.stubEnv('TMPDIR', folder);
    const file = await openUserStream(Readable.from([JSON_LINE]));
    await readAll(file);
    expect(await readAll(file)).toEqual([imported('stan')]);
    const [spool = ''] = readdirSync(folder);
    expect(statSync(join(folder, spool)).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, spool, 'users')).mode & 0o777).toBe(0o600);
    await file.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('may end too early', async () => {
    const input = new Readable({ read: () => input.destroy(new Error('the pipe has burst')) });
    await expect(openUserStream(input)).rejects.toThrow(/^cannot keep what is piped in, in .*: the pipe has burst$/);
  });

  it('are called so in messages', async () => {
    await expect(openUserStream(Readable.from(['']))).rejects.toThrow(
      'standard input is empty: there are no users in it',
    );
    const file = await openUserStream(Readable.from(['{}\n']));
    await expect(readAll(file)).rejects.toThrow('standard input, line 1: "name" is missing');
    await file.close();
  });
});
