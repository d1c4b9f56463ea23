import { readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { promisify as Promisify } from 'node:util';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { AuditLog } from '../../lib/observe/audit-log.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** On a busy machine. */
const SOON = { timeout: 10_000 };

type Write = (descriptor: number, bytes: Buffer, offset: number) => Promise<{ bytesWritten: number }>;

/** The disk's reaction to a write. */
const disk = vi.hoisted(() => ({
  write: undefined as ((real: Write, ...args: Parameters<Write>) => ReturnType<Write>) | undefined,
}));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const { promisify }: { promisify: typeof Promisify } = await import('node:util');
  const real: Write = promisify(fs.write);
  const write: Write = (...args) => (disk.write === undefined ? real(...args) : disk.write(real, ...args));
  return { ...fs, write: Object.assign(() => {}, { [promisify.custom]: write }) };
});

const clock = vi.hoisted(() => ({ time: 0 }));
vi.mock('../../lib/clock.js', () => ({ now: () => clock.time }));

const time = new Date('2026-11-24T12:00:00Z');
const line = (user: string) => `{"time":"2026-11-24T12:00:00.000Z","event":"login","user":"${user}"}\n`;
const read = (path: string) => readFileSync(path, 'utf8');
const full = () =>
  Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
/** So many bytes of it wait. */
const LIMIT = 4 * 1024 * 1024;

let warnings: string[];
beforeEach(() => {
  disk.write = undefined;
  clock.time = 0;
  warnings = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((message, options) => {
    warnings.push(`${(options as { code: string }).code}: ${message}`);
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
});

function openLog(path = join(temporaryFolder(), 'audit.log')): { path: string; log: AuditLog } {
  const log = new AuditLog(path);
  onTestFinished(() => log.close());
  return { path, log };
}

function write(log: AuditLog, user: string): void {
  const details = { time, user };
  log.write('login', details);
}

/** Lets time pass, and what is due be done. */
async function pass(milliseconds: number): Promise<void> {
  clock.time += milliseconds;
  await vi.advanceTimersByTimeAsync(milliseconds);
}

it('a full disk causes a warning with the reason, and waiting lines are written once when there is room', async () => {
  const { path, log } = openLog();
  disk.write = full;
  write(log, 'a');
  write(log, 'b');
  await pass(1_000);
  expect(warnings).toEqual([
    `KAPACITOR_AUTH_AUDIT_LOST: audit events lost: 0, waiting in memory: 2. Cannot write ${path}: ` +
      'ENOSPC: no space left on device, write',
  ]);
  disk.write = undefined;
  await pass(250);
  await expect.poll(() => read(path), SOON).toBe(line('a') + line('b'));
  await pass(120_000);
  expect(warnings).toHaveLength(1);
});

it('a failure that ends within a second causes no warning', async () => {
  const { path, log } = openLog();
  disk.write = full;
  write(log, 'a');
  await pass(500);
  disk.write = undefined;
  await pass(250);
  await expect.poll(() => read(path), SOON).toBe(line('a'));
  await pass(60_000);
  expect(warnings).toEqual([]);
});

it('keeps 4 MiB in memory, drops and counts further events, and reports them in warnings and in the file', async () => {
  const { path, log } = openLog();
  disk.write = full;
  write(log, 'first');
  await pass(0);
  const kept = Math.floor(LIMIT / line('u').length);
  for (let index = 0; index < kept + 5; index++) write(log, 'u');
  await pass(1_000);
  expect(warnings).toEqual([
    `KAPACITOR_AUTH_AUDIT_LOST: audit events lost: 5, waiting in memory: ${kept + 1}. Cannot write ${path}: ` +
      'ENOSPC: no space left on device, write',
  ]);
  write(log, 'u');
  write(log, 'u');
  await pass(59_000);
  expect(warnings).toHaveLength(1);
  await pass(1_000);
  expect(warnings[1]).toMatch(/^KAPACITOR_AUTH_AUDIT_LOST: audit events lost: 2, waiting /);
  disk.write = undefined;
  await pass(250);
  const lost = () => read(path).slice(line('first').length + kept * line('u').length);
  await expect.poll(lost, SOON).toMatch(/^\{"time":"[^"]+","event":"audit-lost","count":7\}\n$/);
  await pass(60_000);
  write(log, 'later');
  await log.close();
  expect(lost()).toMatch(/^\{[^\n]+\}\n\{[^\n]*"user":"later"\}\n$/);
  expect(read(path).slice(0, 500)).toBe((line('first') + line('u').repeat(10)).slice(0, 500));
  expect(warnings).toHaveLength(2);
});

it('a slow disk is named in the warning', async () => {
  const { path, log } = openLog();
  let finish = () => {};
  disk.write = async (real, ...args) => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return real(...args);
  };
  write(log, 'first');
  await pass(0);
  const kept = Math.floor(LIMIT / line('u').length);
  for (let index = 0; index < kept + 1; index++) write(log, 'u');
  await pass(1_000);
  expect(warnings).toEqual([
    `KAPACITOR_AUTH_AUDIT_LOST: audit events lost: 1, waiting in memory: ${kept + 1}. Cannot write ${path}: it is too slow`,
  ]);
  disk.write = undefined;
  finish();
  await expect.poll(() => read(path).endsWith('"event":"audit-lost","count":1}\n'), SOON).toBe(true);
});

it('continues in the middle of a line that the disk took in part', async () => {
  const { path, log } = openLog();
  disk.write = (real, descriptor, bytes, offset) => {
    disk.write = full;
    return real(descriptor, bytes.subarray(0, 20), offset);
  };
  write(log, 'a');
  await expect.poll(() => read(path), SOON).toBe(line('a').slice(0, 20));
  disk.write = undefined;
  await pass(250);
  await expect.poll(() => read(path), SOON).toBe(line('a'));
});

it('writes a line again as a whole if the file with its first part was moved away', async () => {
  const { path, log } = openLog();
  disk.write = async (real, ...args) => {
    disk.write = (_, descriptor, bytes, offset) => {
      disk.write = full;
      return real(descriptor, bytes.subarray(0, line('b').length + 20), offset);
    };
    return real(...args);
  };
  for (const user of ['a', 'b', 'c', 'd']) write(log, user);
  await expect.poll(() => read(path), SOON).toBe(line('a') + line('b') + line('c').slice(0, 20));
  renameSync(path, `${path}.1`);
  disk.write = undefined;
  await pass(1_000);
  await expect.poll(() => statSync(path, { throwIfNoEntry: false })?.size, SOON).toBe(2 * line('c').length);
  expect(read(path)).toBe(line('c') + line('d'));
});

it('reports the lost events when it is closed while the disk is full', async () => {
  const { path, log } = openLog('/dev/full');
  write(log, 'a');
  write(log, 'b');
  await log.close();
  expect(warnings).toEqual([
    `KAPACITOR_AUTH_AUDIT_LOST: audit events lost: 2. Cannot write ${path}: ENOSPC: no space left on device, write`,
  ]);
});

it('closes within a second while a write hangs, and writes nothing after it', async () => {
  const { path, log } = openLog();
  let finish = () => {};
  const writes = vi.fn(async (real: Write, ...args: Parameters<Write>) => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return real(...args);
  });
  disk.write = writes;
  write(log, 'a');
  await pass(0);
  write(log, 'b');
  const closing = log.close();
  // The clock of the log stands still until it waits.
  await new Promise(setImmediate);
  await pass(1_000);
  await closing;
  expect(warnings).toEqual([`KAPACITOR_AUTH_AUDIT_LOST: audit events lost: 2. Cannot write ${path}: it is too slow`]);
  finish();
  await expect.poll(() => read(path), SOON).toBe(line('a'));
  expect(writes).toHaveBeenCalledTimes(1);
});
