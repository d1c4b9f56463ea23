import type { StoredUser } from '../users/user.js';
import { toJsonLine } from './json-lines.js';

/** Lines that are written at once. */
const BATCH = 1_000;

/**
 * Writes users as JSON lines, with their hashes, and never has many of them in memory.
 *
 * @param users such as a repository's snapshot
 * @param write waits until the text is taken
 * @returns how many there were
 */
export async function exportUsers(
  users: AsyncIterable<StoredUser>,
  write: (text: string) => Promise<void>,
): Promise<number> {
  let lines: string[] = [];
  let count = 0;
  const flush = async () => {
    if (lines.length > 0) await write(lines.join(''));
    lines = [];
  };
  for await (const user of users) {
    lines.push(`${toJsonLine(user)}\n`);
    count += 1;
    if (lines.length === BATCH) await flush();
  }
  await flush();
  return count;
}
