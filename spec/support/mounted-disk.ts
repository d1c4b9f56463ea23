import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Root may make namespaces; others make one of users first, in which they are root. */
export const UNSHARE: readonly string[] = [
  'unshare',
  ...(process.geteuid?.() === 0 ? [] : ['--user', '--map-root-user']),
];

/** A file system in memory, in a namespace of its own, which is there for as long as its holder runs. */
export interface MountedDisk {
  readonly holder: ChildProcess;
  /** Where it is for this process. For processes that run `within`, it is at the folder. */
  readonly seen: string;
  /** A command that runs another one where the file system is there. */
  readonly within: readonly string[];
}

/** Mounts a file system of so many mebibytes at a folder, for the processes that run within. */
export async function mountDisk(folder: string, mebibytes: number): Promise<MountedDisk> {
  const mount = `mount -t tmpfs -o size=${mebibytes}m,mode=0700 tmpfs "$0" && echo mounted && exec cat`;
  const holder = spawn(UNSHARE[0] as string, [...UNSHARE.slice(1), '--mount', 'sh', '-c', mount, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [told] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
  if (String(told) !== 'mounted\n') {
    throw new Error('no file system can be mounted here, which takes root or a namespace of users');
  }
  const user = UNSHARE.includes('--user') ? ['--user', '--preserve-credentials'] : [];
  return {
    holder,
    seen: join('/proc', String(holder.pid), 'root', folder),
    within: ['nsenter', '--target', String(holder.pid), '--mount', ...user],
  };
}
