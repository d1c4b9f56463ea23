import { mkdirSync, writeFileSync } from 'node:fs';
import openapiTypes, { astToString } from 'openapi-typescript';

const ROOT = new URL('../../', import.meta.url);

/**
 * Writes the types of the API into `page/dist/openapi.d.ts`, as `docs/openapi.yaml` describes it. The page's client of the API is
 * typed with them.
 */
export async function writePageTypes(): Promise<void> {
  const types = await openapiTypes(new URL('docs/openapi.yaml', ROOT), { immutable: true });
  mkdirSync(new URL('page/dist', ROOT), { recursive: true });
  writeFileSync(new URL('page/dist/openapi.d.ts', ROOT), astToString(types));
}
