import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { bundleImplementation } from './bundle.js';
import { writeEsModules } from './es-modules.js';
import { noticesFor } from './notices.js';

/**
 * Builds the published files: one implementation in CommonJS, ES modules that export the same, and the types of both. Node, the
 * compiler and bundlers tell by the nearest package.json which of the two a `.js` or a `.d.ts` is.
 */
process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
const chunks = await bundleImplementation();
writeEsModules(chunks);
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '--project', 'lib/build/declarations.tsconfig.json'], { stdio: 'inherit' });
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
writeFileSync('dist/lib/esm/package.json', '{ "type": "module" }\n');
writeFileSync('dist/THIRD-PARTY-NOTICES.txt', noticesFor(chunks));
chmodSync('dist/lib/cli/bin.js', 0o755);
