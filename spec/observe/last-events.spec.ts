import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { lastEvents } from '../../lib/observe/last-events.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const line = (count: number, more = '') => `${JSON.stringify({ time: 't', event: 'login', count, more })}\n`;
const countsOf = (events: readonly { readonly [name: string]: unknown }[]) => events.map(({ count }) => count);

function logWith(content: string): string {
  const path = join(temporaryFolder(), 'audit.log');
  writeFileSync(path, content);
  return path;
}

describe('the last events of an audit log', () => {
  it('are the newest first, as many as are wanted', async () => {
    const path = logWith([1, 2, 3, 4].map((count) => line(count)).join(''));
    expect(countsOf(await lastEvents(path, 3))).toEqual([4, 3, 2]);
    expect(countsOf(await lastEvents(path, 100))).toEqual([4, 3, 2, 1]);
  });

  it('are found at the end of a large file, in texts of several bytes', async () => {
    const more = 'Größe ユーザー 🌞'.repeat(100);
    const lines = Array.from({ length: 2_000 }, (_, count) => line(count, more));
    const path = logWith(lines.join(''));
    const events = await lastEvents(path, 1_000);
    expect(countsOf(events)).toEqual(Array.from({ length: 1_000 }, (_, index) => 1_999 - index));
    expect(events.every((event) => event['more'] === more)).toBe(true);
  });

  it('go on in the file that logrotate has moved away', async () => {
    const path = logWith(line(3));
    writeFileSync(`${path}.1`, line(1) + line(2));
    expect(countsOf(await lastEvents(path, 2))).toEqual([3, 2]);
    expect(countsOf(await lastEvents(path, 9))).toEqual([3, 2, 1]);
  });

  it('are found without an attempt to parse lines that are no objects: each failure would take long', async () => {
    const path = logWith(`${line(1)}${'\nno event'.repeat(1_000)}\n${line(2)}`);
    const parse = vi.spyOn(JSON, 'parse');
    expect(countsOf(await lastEvents(path, 9))).toEqual([2, 1]);
    expect(parse).toHaveBeenCalledTimes(2);
    parse.mockRestore();
  });

  it('leave out what is no event: an unfinished line, another text, and a long one', async () => {
    const path = logWith(`${line(1)}{"time":"t","event":"lo\nnot JSON\n[]\n{"time":"t"}\n\n${line(2)}`);
    expect(countsOf(await lastEvents(path, 9))).toEqual([2, 1]);
    appendFileSync(path, `"${'x'.repeat(3_000_000)}\n${line(3)}`);
    expect(countsOf(await lastEvents(path, 9))).toEqual([3, 2, 1]);
    appendFileSync(path, `{"event":"cut`);
    expect(countsOf(await lastEvents(path, 1))).toEqual([3]);
  });

  it('are none without a file, and in an empty one', async () => {
    expect(await lastEvents(join(temporaryFolder(), 'audit.log'), 9)).toEqual([]);
    expect(await lastEvents(logWith(''), 9)).toEqual([]);
  });

  it('are looked for in the last 8 MiB of a file', async () => {
    const path = logWith(`${line(1)}${'x'.repeat(9_000_000)}\n${line(2)}`);
    expect(countsOf(await lastEvents(path, 9))).toEqual([2]);
  });

  it('cannot be read if the path leads through a file, or to a folder or a device', async () => {
    const path = logWith(line(1));
    await expect(lastEvents(join(path, 'audit.log'), 9)).rejects.toThrow('ENOTDIR');
    mkdirSync(`${path}s`);
    for (const each of [`${path}s`, '/dev/zero']) {
      await expect(lastEvents(each, 9)).rejects.toThrow('it is no regular file');
    }
  });
});
