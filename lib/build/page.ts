import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Bytes of the page, compressed. The few lines of HTML around it take less than a kilobyte. */
const MOST_BYTES = 39_000;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Builds the page for the people who manage users, into `page/dist/assets.json`: its script, its style and its icon, by name.
 * The implementation includes that file, and so does a bundle that an app makes of it.
 *
 * @returns the files that the page is made of
 * @throws the page does not compile, or is too large
 */
export async function buildPage(): Promise<readonly string[]> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [
      { in: 'page/main.tsx', out: 'page' },
      { in: 'page/style/main.css', out: 'page' },
    ],
    outdir: 'page/dist',
    tsconfig: 'page/tsconfig.json',
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['es2022', 'chrome112', 'firefox117', 'safari16.5'],
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    write: false,
  });
  const assets = Object.fromEntries(outputFiles.map(({ path, text }) => [basename(path), text]));
  write({ ...assets, 'icon.svg': readFileSync(`${ROOT}page/icon.svg`, 'utf8').trim() });
  return Object.keys(metafile.inputs);
}

/** Writes the file in one step: specs that run at once build the same page. */
function write(assets: Readonly<Record<string, string>>): void {
  const sizes = Object.values(assets).map((text) => gzipSync(text).length);
  const size = sizes.reduce((sum, each) => sum + each);
  if (size > MOST_BYTES) throw new Error(`the page has ${size} bytes, compressed: ${MOST_BYTES} are allowed`);
  const folder = `${ROOT}page/dist`;
  mkdirSync(folder, { recursive: true });
  const written = `${folder}/assets.${process.pid}.json`;
  writeFileSync(written, JSON.stringify(assets));
  renameSync(written, `${folder}/assets.json`);
}
