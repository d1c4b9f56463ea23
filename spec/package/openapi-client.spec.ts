import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import openapiTypescript, { astToString } from 'openapi-typescript';
import { expect, it, onTestFinished } from 'vitest';
import { DONE_WITHIN, execute } from './consumer-project.js';

const DOCUMENT = new URL('../../docs/openapi.yaml', import.meta.url);
const CLIENT = new URL('./consumers/openapi-client.ts', import.meta.url);
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');

it(
  'openapi-typescript makes types of docs/openapi.yaml with which a client compiles, and a wrong one does not',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-openapi-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'openapi.ts'), astToString(await openapiTypescript(DOCUMENT)));
    copyFileSync(CLIENT, join(folder, 'client.ts'));
    writeFileSync(
      join(folder, 'wrong.ts'),
      "import type { paths } from './openapi.js';\nexport type Wrong = paths['/user'];\n",
    );
    // TypeScript's own libraries take most of the time, and nothing here depends on whether they are right.
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--skipDefaultLibCheck'];
    const compile = (file: string) => execute(process.execPath, [TSC, ...options, file], folder);
    expect(await compile('client.ts')).toBe('');
    await expect(compile('wrong.ts')).rejects.toThrow("Property '/user' does not exist");
  },
  DONE_WITHIN,
);
