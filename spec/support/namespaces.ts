import { onTestFinished } from 'vitest';
import { kill } from './child-process.js';
import { type MountedDisk, mountDisk, UNSHARE } from './mounted-disk.js';
import { temporaryFolder } from './temporary-folder.js';

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
  /** Runs a command where the file system is there. */
  readonly within: readonly string[];

  static async create(mebibytes: number): Promise<SmallDisk> {
    const folder = temporaryFolder();
    const disk = await mountDisk(folder, mebibytes);
    onTestFinished(() => kill(disk.holder));
    return new SmallDisk(folder, disk);
  }

  private constructor(folder: string, { seen, within }: MountedDisk) {
    this.folder = folder;
    this.seen = seen;
    this.within = within;
  }
}
