import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ask, kill, startProcess } from '../support/child-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import type { Task } from './audit-log-writer.js';

/** On a busy machine. */
const SOON = { timeout: 10_000 };

const WRITER = 'audit-log-writer';
const read = (path: string) => readFileSync(path, 'utf8');

it('an open log neither keeps its process alive nor loses events when the process ends', async () => {
  const path = join(temporaryFolder(), 'audit.log');
  const child = await startProcess(WRITER, [path]);
  const exit = once(child, 'exit');
  child.send({ write: 1_000, stay: false } satisfies Task);
  expect(await exit).toEqual([0, null]);
  expect(read(path).match(/^\{.*\}$/gm)).toHaveLength(1_000);
});

it('the file has all events of an idle process that is killed', async () => {
  const path = join(temporaryFolder(), 'audit.log');
  const child = await startProcess(WRITER, [path]);
  await ask(child, { write: 1, stay: true } satisfies Task);
  await expect.poll(() => read(path), SOON).toMatch(/^\{.*\}\n$/);
  await kill(child);
  expect(read(path)).toMatch(/^\{.*\}\n$/);
});
