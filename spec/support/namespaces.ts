import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { kill } from './child-process.js';
import { temporaryFolder } from './temporary-folder.js';

/** Root may make namespaces; others make one of users first, in which they are root. */
const UNSHARE = ['unshare', ...(process.geteuid?.() === 0 ? [] : ['--user', '--map-root-user'])];

/** Runs a command as a container does: it is process 1, and ends with this one. */
export const AS_PROCESS_1: readonly string[] = [
  ...UNSHARE,
  '--pid',
  '--mount',
  '--mount-proc',
  '--fork',
  '--kill-child',
];

/** A file system of its own with little room, in memory, which is gone when the test is over. */
export class SmallDisk {
  /** Where it is, for processes that run on it. */
  readonly folder: string;
  /** Where it is, for this process. */
  readonly seen: string;
  readonly #holder: ChildProcess;

  static async create(mebibytes: number): Promise<SmallDisk> {
    const folder = temporaryFolder();
    const mount = `mount -t tmpfs -o size=${mebibytes}m,mode=0700 tmpfs "$0" && echo mounted && exec cat`;
    const holder = spawn(UNSHARE[0] as string, [...UNSHARE.slice(1), '--mount', 'sh', '-c', mount, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => kill(holder));
    const [told] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
    if (String(told) !== 'mounted\n')
      throw new Error('no file system can be mounted here, which takes root or a namespace of users');
    return new SmallDisk(holder, folder);
  }

  private constructor(holder: ChildProcess, folder: string) {
    this.#holder = holder;
    this.folder = folder;
    this.seen = join('/proc', String(holder.pid), 'root', folder);
  }

  /** Runs a command where the file system is there. */
  get within(): readonly string[] {
    const user = UNSHARE.includes('--user') ? ['--user', '--preserve-credentials'] : [];
    return ['nsenter', '--target', String(this.#holder.pid), '--mount', ...user];
  }
}
