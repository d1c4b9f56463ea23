import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  type BoltEntry,
  type BoltOptions,
  entriesFor,
  privilegesOf,
  recordOf,
  withChecksum,
  writeBolt,
} from '../../support/bolt-writer.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { contentOf, importFailure } from './import.js';

const HASH = `$2a$10$${'.'.repeat(53)}`;
export const recordFor = (name: string) => recordOf({ name, hash: HASH, privileges: privilegesOf(['api']) });
export const NAMES = Array.from({ length: 30 }, (_, index) => `user${index + 10}`);
export const PAGE = 4096;

/** The pages of 30 users: leaves from page 2 on, the root of the users, the root of all, the list of free pages. */
export const SECOND_LEAF = 3;

export interface Layout {
  readonly file: Buffer;
  /** The page of the users' branches. */
  readonly users: number;
  readonly root: number;
  readonly freelist: number;
}

/** A file that is refused, and with what message. */
export async function refusal(
  change: (layout: Layout) => unknown,
  message: string,
  options: BoltOptions = {},
): Promise<void> {
  const path = join(temporaryFolder(), 'kapacitor.db');
  writeBolt(path, { user_store: entriesFor(NAMES, recordFor) }, options);
  const file = readFileSync(path);
  // The transaction 2 is that of page 0, and page 1 has the newest.
  const root = Number(file.readBigUInt64LE(PAGE + 32));
  const changed = change({ file, users: root - 1, root, freelist: root + 1 });
  writeFileSync(path, Buffer.isBuffer(changed) ? changed : file);
  await expect(contentOf(path)).rejects.toThrow(importFailure(path, message));
}

/** A file whose users' bucket has these entries. */
export async function refusalOf(entries: readonly BoltEntry[], message: string): Promise<void> {
  const path = join(temporaryFolder(), 'kapacitor.db');
  writeBolt(path, { user_store: entries });
  await expect(contentOf(path)).rejects.toThrow(importFailure(path, message));
}

export const changeMeta = (file: Buffer, change: (meta: Buffer) => unknown) => {
  const meta = file.subarray(PAGE, 2 * PAGE);
  change(meta);
  withChecksum(meta);
};
