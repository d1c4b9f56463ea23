import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('./slow-sync.c', import.meta.url));

/**
 * The environment of a process for which each wait for the disk lasts longer by so many milliseconds. It takes a
 * compiler of C.
 *
 * @param folder for what is compiled
 */
export function slowSync(milliseconds: number, folder: string): Record<string, string> {
  const library = join(folder, 'slow-sync.so');
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, SOURCE, '-ldl'], { stdio: 'inherit' });
  return { LD_PRELOAD: library, SLOW_SYNC_MS: String(milliseconds) };
}
