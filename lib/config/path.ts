import { homedir } from 'node:os';
import { resolve } from 'node:path';

/** A path of the configuration, which starts at `folder` unless it is absolute, or in the home folder: `~/users`. */
export function absolutePath(path: string, folder: string): string {
  return resolve(folder, path.replace(/^~(?=$|\/)/, homedir()));
}
