import { renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import { connect, identify, problemOf } from '../../../lib/stores/sqlite/source.js';
import { openRepository, storeFile } from '../../support/sqlite-repository.js';

describe('one more connection to a store', () => {
  it('is made to the same files, or not at all', () => {
    const file = storeFile();
    openRepository(file);
    const source = identify(file);
    connect(source).close();
    renameSync(file, `${file}.old`);
    expect(() => connect(source)).toThrow(`${file} is gone. Put the former file back, or restart this process`);
    writeFileSync(file, '');
    expect(() => connect(source)).toThrow(`${file} is another file now`);
  });

  it('is closed when another file is put there at the same moment', () => {
    const file = storeFile();
    openRepository(file);
    const source = identify(file);
    const close = vi.spyOn(Connection.prototype, 'close');
    // The first thing that a connection does.
    vi.spyOn(Connection.prototype, 'execute').mockImplementationOnce(() =>
      renameSync(`${file}-wal`, `${file}-wal.old`),
    );
    expect(() => connect(source)).toThrow(`${file}-wal is gone`);
    expect(close).toHaveBeenCalledOnce();
  });
});

it('a file that this process may not look at counts as gone', () => {
  const file = storeFile();
  openRepository(file);
  const source = identify(file);
  const folder = join(file, '..');
  renameSync(folder, `${folder}.old`);
  symlinkSync(folder, folder);
  expect(problemOf(source)).toContain(`${file} is gone`);
  unlinkSync(folder);
  renameSync(`${folder}.old`, folder);
  expect(problemOf(source)).toBeUndefined();
});
