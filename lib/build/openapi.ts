import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const fileOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * Writes `docs/openapi.yaml` as JSON to `dist/openapi.json`. The package has it as `kapacitor-auth/openapi.json`, and the
 * implementation includes it.
 */
export function buildOpenApi(): void {
  const document: unknown = parse(readFileSync(fileOf('docs/openapi.yaml'), 'utf8'));
  mkdirSync(fileOf('dist'), { recursive: true });
  // In one step: specs that run at once build the same file.
  const written = fileOf(`dist/openapi.${process.pid}.json`);
  writeFileSync(written, JSON.stringify(document));
  renameSync(written, fileOf('dist/openapi.json'));
}
