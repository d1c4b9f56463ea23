import { renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import { connect, identify, replacedFile } from '../../../lib/stores/sqlite/file-identity.js';
import { openRepository, storeFile } from '../../support/sqlite-repository.js';

describe('one more connection to a store', () => {
  it('is made to the same files, or not at all', () => {
    const file = storeFile();
    openRepository(file);
    const files = identify(file);
    connect(files).close();
    renameSync(file, `${file}.old`);
    expect(() => connect(files)).toThrow(`${file} is gone. Put the former file back, or restart this process`);
    writeFileSync(file, '');
    expect(() => connect(files)).toThrow(`${file} is another file now`);
  });

  it('is closed when another file is put there at the same moment', () => {
    const file = storeFile();
    openRepository(file);
    const files = identify(file);
    const close = vi.spyOn(Connection.prototype, 'close');
    // The first thing that a connection does.
    vi.spyOn(Connection.prototype, 'execute').mockImplementationOnce(() =>
      renameSync(`${file}-wal`, `${file}-wal.old`),
    );
    expect(() => connect(files)).toThrow(`${file}-wal is gone`);
    expect(close).toHaveBeenCalledOnce();
  });
});

it('a file that this process may not look at counts as gone', () => {
  const file = storeFile();
  openRepository(file);
  const files = identify(file);
  const folder = join(file, '..');
  renameSync(folder, `${folder}.old`);
  symlinkSync(folder, folder);
  expect(replacedFile(files)).toContain(`${file} is gone`);
  unlinkSync(folder);
  renameSync(`${folder}.old`, folder);
  expect(replacedFile(files)).toBeUndefined();
});
