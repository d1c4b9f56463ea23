import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OutputChunk } from 'rolldown';
import { bundleImplementation } from './bundle.js';
import { buildOpenApi } from './openapi.js';
import { buildPage } from './page.js';
import { writePageTypes } from './page-types.js';

/** The entries of the package, by the names of their ES modules. */
const ENTRIES = { index: 'lib/index', postgres: 'lib/postgres', contract: 'lib/stores/contract/index' };

/*
 * Builds the published files: one implementation in CommonJS, ES modules that export the same, and the types of both.
 * Node, the compiler and bundlers read the nearest package.json to tell which of the two a `.js` or a `.d.ts` is.
 */
process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
buildOpenApi();
const pageFiles = await buildPage();
await writePageTypes();
const chunks = await bundleImplementation();
// `npm run types` checks the sources. Each declaration follows from its own file alone.
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '--project', 'lib/build/declarations.tsconfig.json'], { stdio: 'inherit' });
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
writeEsModules(chunks);
writeFileSync(
  'dist/THIRD-PARTY-NOTICES.txt',
  noticesFor([...chunks.flatMap(({ moduleIds }) => moduleIds), ...pageFiles]),
);
chmodSync('dist/lib/cli/bin.js', 0o755);

/**
 * Writes the ES modules. Each names its exports, because `export *` would add `module.exports` from Node 23 on. Their
 * types are compiled from `lib/esm`.
 */
function writeEsModules(implementation: readonly OutputChunk[]): void {
  writeFileSync('dist/lib/esm/package.json', '{ "type": "module" }\n');
  for (const [name, entry] of Object.entries(ENTRIES)) {
    const { exports, fileName } = implementation.find((chunk) => chunk.isEntry && chunk.name === entry) as OutputChunk;
    const from = posix.relative('lib/esm', fileName);
    writeFileSync(`dist/lib/esm/${name}.js`, `export { ${exports.toSorted().join(', ')} } from '${from}';\n`);
  }
}

/**
 * The licences of the packages that are included in the implementation and in the page. They must accompany every copy.
 *
 * @throws A package has no licence file.
 */
function noticesFor(files: readonly string[]): string {
  const modules = files.filter((file) => /(?:^|[\\/])node_modules[\\/]/.test(file));
  const folders = [...new Set(modules.map(packageFolderOf))].sort();
  return `This folder contains code of these packages.\n${folders.map(noticeOf).join('')}`;
}

/** The folder in `node_modules`: a part of a package, such as `preact/hooks`, may have a package.json as well. */
function packageFolderOf(module: string): string {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(resolve(module))?.[0] as string;
}

function noticeOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
  if (file === undefined) throw new Error(`${name} has no licence file`);
  return `\n${'-'.repeat(80)}\n${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}
