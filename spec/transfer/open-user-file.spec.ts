import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { toJsonLine } from '../../lib/transfer/json-lines.js';
import { openUserStream } from '../../lib/transfer/open-user-file.js';
import { writeKapacitorDatabase } from '../support/bolt-writer.js';
import { failure } from '../support/failure.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { fileWith, HASH, imported, openUsers, readAll } from './files.js';

/** A program of the system's, and no package's. */
const MAKE_PIPE = 'mkfifo';
const JSON_LINE = `${toJsonLine(imported('stan'))}\n`;
const KNOWN = 'name a Kapacitor database (kapacitor.db), an htpasswd file or the JSON lines of "export"';

async function formatOf(path: string): Promise<string> {
  const file = await openUsers(path);
  await file.close();
  return file.format;
}

describe('a file of users', () => {
  it('is recognized by its content', async () => {
    const database = fileWith('');
    writeKapacitorDatabase(database, [{ name: 'stan', type: 'normal', permissions: [], hash: HASH }]);
    expect(await formatOf(database)).toBe('Kapacitor database');
    expect(await formatOf(fileWith(`\n\n  ${JSON_LINE}`))).toBe('JSON lines');
    expect(await formatOf(fileWith(`\ufeff${JSON_LINE}`))).toBe('JSON lines');
    expect(await formatOf(fileWith(`# users\nstan:${HASH}\n`))).toBe('htpasswd');
    expect(await formatOf(fileWith('stan:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n'))).toBe('htpasswd');
    expect(await formatOf(fileWith('# nobody yet\n'))).toBe('htpasswd');
  });

  it('has the format that is named', async () => {
    const file = await openUsers(fileWith(JSON_LINE), { format: 'htpasswd' });
    expect(file.format).toBe('htpasswd');
    expect((await openUsers(fileWith(''), { format: 'jsonl' })).format).toBe('JSON lines');
    await expect(openUsers(fileWith(JSON_LINE), { format: 'kapacitor' })).rejects.toThrow(
      / is not a file of users: it is not a Bolt database/,
    );
  });

  it.each([
    ['nothing', '', 'is not a file of users: it is empty'],
    ['prose', 'Dear Sir or Madam,\n', `is not a file of users: ${KNOWN}`],
    ['zeros', Buffer.alloc(10_000), `is not a file of users: ${KNOWN}`],
    ['an archive', gzipSync(JSON_LINE), 'is not a file of users: it is compressed. Unpack it first'],
    [
      'UTF-16',
      Buffer.from(`\ufeff${JSON_LINE}`, 'utf16le'),
      'is not a file of users: it is a text in UTF-16. Save it as UTF-8',
    ],
    [
      'an array',
      '\n[\n{"name":"stan"}]',
      'is not a file of users: it is a JSON array without hashes, such as "user list --json" prints. Use "export" to write a file for "import"',
    ],
  ])('may not be %s', async (_what, content, problem) => {
    const path = fileWith(content);
    await expect(openUsers(path)).rejects.toThrow(failure('IMPORT_INVALID', 400, `${path} ${problem}`) as Error);
  });

  it('must exist and be a file', async () => {
    await expect(openUsers('/nowhere')).rejects.toThrow(
      failure('IMPORT_INVALID', 400, 'cannot read /nowhere: there is no such file') as Error,
    );
    await expect(openUsers(tmpdir())).rejects.toThrow(
      failure('IMPORT_INVALID', 400, `cannot read ${tmpdir()}: it is a folder. Name a file`) as Error,
    );
  });
});

describe('users from standard input', () => {
  it('can be read twice, and leave no file while they are kept', async () => {
    const folder = temporaryFolder();
    vi.stubEnv('TMPDIR', folder);
    const found: string[] = [];
    const input = async function* () {
      found.push(...readdirSync(folder));
      yield JSON_LINE;
      found.push(...readdirSync(folder));
    };
    const file = await openUserStream(Readable.from(input()));
    await readAll(file);
    expect(await readAll(file)).toEqual([imported('stan')]);
    expect([...found, ...readdirSync(folder)]).toEqual([]);
    await file.close();
  });

  it('may be cut off', async () => {
    const input = new Readable({ read: () => input.destroy(new Error('the pipe has burst')) });
    await expect(openUserStream(input)).rejects.toThrow(
      /^cannot keep standard input in a temporary file in .*: the pipe has burst$/,
    );
  });

  it('are called standard input in messages', async () => {
    await expect(openUserStream(Readable.from(['']))).rejects.toThrow(
      'standard input is not a file of users: it is empty',
    );
    const file = await openUserStream(Readable.from(['{}\n']));
    await expect(readAll(file)).rejects.toThrow('standard input, line 1: "name" is missing');
    await file.close();
  });
});

describe('a named pipe', () => {
  const pipe = () => {
    const path = join(temporaryFolder(), 'pipe');
    execFileSync(MAKE_PIPE, [path]);
    return path;
  };

  it('is read like standard input, whichever side opens it first', async () => {
    const script = 'exec 3> "$0"; printf %s "$1" >&3';
    const write = (path: string) => once(spawn('sh', ['-c', script, path, JSON_LINE], { stdio: 'ignore' }), 'exit');
    const [early, late] = [pipe(), pipe()];
    const opening = openUsers(late);
    const written = [write(early), write(late)];
    for (const file of [await opening, await openUsers(early)]) {
      expect(await readAll(file)).toEqual([imported('stan')]);
      await file.close();
    }
    expect(await Promise.all(written)).toEqual([
      [0, null],
      [0, null],
    ]);
  });

  it('is not a device', async () => {
    await expect(openUsers('/dev/zero')).rejects.toThrow(
      'cannot read /dev/zero: it is not a regular file. Pipe it into "import -"',
    );
  });
});

describe('a text file that is read twice', () => {
  const changed = (path: string) =>
    failure(
      'IMPORT_INVALID',
      400,
      `${path} changed while it was imported. Import it again when nothing writes to it`,
    ) as Error;

  it.each([
    ['is written to', (path: string) => appendFileSync(path, JSON_LINE.replace('stan', 'eve'))],
    ['becomes shorter', (path: string) => writeFileSync(path, '')],
    ['changes within', (path: string) => writeFileSync(path, JSON_LINE.replace('stan', 'evil'))],
  ])('is refused if it %s in between', async (_what, change) => {
    const path = fileWith(JSON_LINE);
    const file = await openUsers(path);
    expect(await readAll(file)).toEqual([imported('stan')]);
    change(path);
    await expect(readAll(file)).rejects.toThrow(changed(path));
    await file.close();
  });

  it('gives no line that was added after it was opened', async () => {
    const line = (index: number) => `${toJsonLine(imported(`user${index}`))}\n`;
    const path = fileWith(Array.from({ length: 3_000 }, (_, index) => line(index)).join(''));
    const file = await openUsers(path);
    const names: string[] = [];
    const reading = (async () => {
      for await (const { name } of file.read()) {
        names.push(name);
        if (names.length === 1) writeFileSync(path, toJsonLine(imported('evil')).repeat(3_000));
      }
    })();
    await expect(reading).rejects.toThrow(changed(path));
    expect(names.length).toBeLessThan(3_000);
    expect(names).not.toContain('evil');
    await file.close();
  });

  it('stays the same file when another one takes its path', async () => {
    const path = fileWith(JSON_LINE);
    const file = await openUsers(path);
    renameSync(fileWith(JSON_LINE.replace('stan', 'evil')), path);
    expect(await readAll(file)).toEqual([imported('stan')]);
    await file.close();
  });
});
