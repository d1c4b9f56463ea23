import type { StoreSource } from './source.js';

/**
 * How many stores of this process have each file open. A process that closes a file gives up all its locks on that file,
 * also those of SQLite. So nothing but SQLite may open a file that is in here.
 * (https://www.sqlite.org/howtocorrupt.html, 2.2)
 */
const counts = new Map<string, number>();

export function isOpen({ identities: [file] }: StoreSource): boolean {
  return counts.has(file as string);
}

/** @returns a function to call when the file is closed */
export function markOpen({ identities: [file] }: StoreSource): () => void {
  const add = (count: number) => {
    const sum = (counts.get(file as string) ?? 0) + count;
    if (sum === 0) counts.delete(file as string);
    else counts.set(file as string, sum);
  };
  add(1);
  return () => add(-1);
}
