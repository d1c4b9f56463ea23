import type { StoreSource } from './source.js';

/**
 * How often this process has each file open. A process that closes a file gives up all its locks on it, also those of SQLite:
 * a file that is in here must not be opened by anything else. (https://www.sqlite.org/howtocorrupt.html, 2.2)
 */
const counts = new Map<string, number>();

export function isOpen({ identities: [file] }: StoreSource): boolean {
  return counts.has(file as string);
}

/** @returns what to call when it is closed */
export function markOpen({ identities: [file] }: StoreSource): () => void {
  const add = (count: number) => {
    const sum = (counts.get(file as string) ?? 0) + count;
    if (sum === 0) counts.delete(file as string);
    else counts.set(file as string, sum);
  };
  add(1);
  return () => add(-1);
}
