import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { execute } from '../package/consumer-project.js';
import { blocksOf, PAGES } from './markdown.js';
import { Reader } from './reader.js';

/** The names that fragments may use. A block without an import is a fragment. */
const CONTEXT = `
import express, { type Request, type Response } from 'express';
import { auditToLogger, auditToOpenTelemetry, type KapacitorAuth, kapacitorAuth } from 'kapacitor-auth';

declare const app: express.Express;
declare const auth: KapacitorAuth;
declare const logger: Pick<Console, 'info' | 'warn'>;
declare const req: Request;
declare const res: Response;
`;
const STRICT = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck'];

it('TypeScript programs and fragments of the documentation compile', { timeout: 120_000 }, async () => {
  const reader = await Reader.start();
  try {
    const blocks = PAGES.flatMap((page) => blocksOf(page).map((block) => ({ ...block, page })));
    const files = blocks
      .filter(({ language }) => language === 'ts')
      .map(({ page, text }, at) => {
        const file = `${page.replace(/\W/g, '-')}-${at}.mts`;
        writeFileSync(join(reader.folder, file), /^import /m.test(text) ? text : `${CONTEXT}\n${text}\n`);
        return file;
      });
    expect(files).not.toEqual([]);
    const tsc = join(reader.folder, 'node_modules/typescript/bin/tsc');
    await expect(execute(process.execPath, [tsc, ...STRICT, ...files], reader.folder)).resolves.toBe('');
  } finally {
    await reader.close();
  }
});
