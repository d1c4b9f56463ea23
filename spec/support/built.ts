import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The built command line. */
export const BUILT: string = join(ROOT, 'dist/lib/cli/bin.js');

/** The build is as new as what it is made of. */
export function isBuilt(): boolean {
  const builtAt = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = ['lib', 'page'].flatMap(filesIn);
  return [...sources, join(ROOT, 'docs/openapi.yaml')].every((file) => statSync(file).mtimeMs <= builtAt);
}

/** The files of a folder. The specs write the built parts of the page anew. */
function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('/page/dist'))
    .map(({ parentPath, name }) => join(parentPath, name));
}
