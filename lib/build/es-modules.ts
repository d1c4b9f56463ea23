import { mkdirSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { OutputChunk } from 'rolldown';

/** The entries of the package, by the names of their ES modules. */
const ENTRIES = { index: 'lib/index', postgres: 'lib/postgres', contract: 'lib/stores/contract/index' };

/**
 * Writes what `import` gets: ES modules that export what the implementation does. They name each export, as `export *`
 * would add `module.exports` from Node 23 on. Their types are those of the folder `lib/esm`.
 */
export function writeEsModules(implementation: readonly OutputChunk[]): void {
  mkdirSync('dist/lib/esm', { recursive: true });
  for (const [name, entry] of Object.entries(ENTRIES)) {
    const { exports, fileName } = implementation.find((chunk) => chunk.isEntry && chunk.name === entry) as OutputChunk;
    const from = posix.relative('lib/esm', fileName);
    writeFileSync(`dist/lib/esm/${name}.js`, `export { ${exports.toSorted().join(', ')} } from '${from}';\n`);
  }
}
