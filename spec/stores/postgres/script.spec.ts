import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { NODE_OPTIONS } from '../../support/child-process.js';
import { openPostgres, ownSchema, psql, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

const SCRIPT = fileURLToPath(new URL('../../support/postgres-script.ts', import.meta.url));
const CLOSING_SCRIPT = fileURLToPath(new URL('../../support/postgres-closing-script.ts', import.meta.url));

/** Milliseconds. Nothing that is done at intervals, or is idle for long, is waited for. */
const ENDS_WITHIN = 5_000;

/** Runs a script. @returns what it has said, how it ended, and how long after it had nothing more to do */
async function run(script: string, ...args: string[]) {
  const child = spawn(process.execPath, [...NODE_OPTIONS, script, ...args]);
  onTestFinished(() => void child.kill('SIGKILL'));
  let [said, errors] = ['', ''];
  let doneAt = Number.NaN;
  child.stdout.on('data', (chunk) => {
    said += chunk;
    doneAt = performance.now();
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { said, errors, code, signal, endedAfter: performance.now() - doneAt };
}

it.each([
  ['and is told of its change', 'ENABLE'],
  ['and waits in vain to be told of its change', 'DISABLE'],
])('a script that changes a user, %s, ends by itself, when it is done and no earlier', async (_what, triggers) => {
  const url = ownSchema();
  const repository = await openPostgres(url);
  await repository.insert(userNamed('someone'));
  await psql(url, `ALTER TABLE ${usersTable(url)} ${triggers} TRIGGER ALL`);
  const { endedAfter, ...ended } = await run(SCRIPT, url, 'someone');
  expect(ended).toEqual({ said: 'disabled', errors: '', code: 0, signal: null });
  expect(endedAfter).toBeLessThan(ENDS_WITHIN);
  expect(await repository.find('someone')).toMatchObject({ enabled: false });
});

it('a script that closes during a flood of creations has an end to each of them', async () => {
  const { endedAfter, ...ended } = await run(CLOSING_SCRIPT, ownSchema());
  expect(ended).toEqual({ said: 'created, the user store is closed', errors: '', code: 0, signal: null });
  expect(endedAfter).toBeLessThan(ENDS_WITHIN);
});
