import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Seconds without an answer of Valgrind. */
const TIMEOUT = 120;

/**
 * V8 at its steadiest: one thread, the same hashes and random numbers in each process, and no garbage collection within a
 * hundred thousand objects.
 */
const STEADY = [
  '--single-threaded',
  '--hash-seed=1',
  '--random-seed=1',
  '--min-semi-space-size=128',
  '--max-semi-space-size=128',
];

/** Optimizes after a third of the usual calls. The code is the same, and an emulated processor gets there in seconds. */
const SOONER: Readonly<Record<string, string>> = {
  '20': '--interrupt-budget=20000',
  '24': '--invocation-count-for-turbofan=1000',
};

/** The functions of V8 that compile JavaScript and collect garbage. They are left out: a long run seldom calls them. */
const LEFT_OUT = /^v8::internal::(?:Compiler::(?:Compile|CompileOptimized|CompileOptimizedOSR)|Heap::CollectGarbage)\(/;

/** @throws Valgrind is missing. The message says what to install */
export async function requireValgrind(): Promise<void> {
  try {
    await execute('valgrind', ['--version']);
  } catch (cause) {
    throw new Error(
      'the instructions are counted by Valgrind, which is not here: install the package valgrind, with "apt-get install valgrind" for example',
      { cause },
    );
  }
}

/** A process of Node.js whose instructions Callgrind counts: those outside of the kernel, which other processes do not change. */
export class CountedProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;
  #dumps = 0;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  /**
   * Starts a program, and waits for its first message. Nothing is counted yet, and so it is a little faster.
   *
   * @param node the path of the runtime
   * @param major the runtime's major version
   */
  static async start<Told>(
    node: string,
    major: string,
    program: readonly string[],
  ): Promise<{ counted: CountedProcess; told: Told }> {
    const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-callgrind-'));
    const callgrind = ['--tool=callgrind', '--instr-atstart=no', `--callgrind-out-file=${join(folder, 'dump')}`];
    const flags = [...STEADY, SOONER[major] ?? [], '--no-warnings'].flat();
    const child = spawn('valgrind', [...callgrind, node, ...flags, ...program], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let errors = '';
    child.stderr?.on('data', (text) => {
      errors += text;
    });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${program.join(' ')} ended:\n${errors}`)));
    const [told] = await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => {});
    return { counted: new CountedProcess(child, folder), told };
  }

  /** Counts from now on. */
  async begin(): Promise<void> {
    await this.#tell('instrumentation', 'on');
  }

  /** The instructions that the process executes meanwhile, without those of V8's compiler and garbage collector. */
  async during(work: () => Promise<void>): Promise<number> {
    await this.#tell('zero');
    await work();
    await this.#tell('dump');
    this.#dumps += 1;
    const dump = readdirSync(this.#folder).find((name) => name.endsWith(`dump.${this.#dumps}`)) as string;
    return instructionsIn(readFileSync(join(this.#folder, dump), 'utf8'));
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
    rmSync(this.#folder, { recursive: true });
  }

  async #tell(...command: readonly string[]): Promise<void> {
    await execute('vgdb', [`--pid=${this.#child.pid}`, ...command], { timeout: TIMEOUT * 1000 });
  }
}

/**
 * Reads a dump of Callgrind: https://valgrind.org/docs/manual/cl-format.html. After a line `calls=`, the next line has the
 * costs of the called function with all that it calls.
 */
export function instructionsIn(dump: string): number {
  const names = new Map<string, string>();
  let caller = '';
  let called = '';
  let isCall = false;
  let total = 0;
  for (const line of dump.split('\n')) {
    const [, key, id = '', name] = /^(c?fn)=\((\d+)\)(?: (.*))?$/.exec(line) ?? [];
    if (name !== undefined) names.set(id, name);
    if (key === 'fn') caller = names.get(id) ?? '';
    if (key === 'cfn') called = names.get(id) ?? '';
    if (line.startsWith('summary: ')) total = Number(line.slice(9));
    if (isCall && LEFT_OUT.test(called) && !LEFT_OUT.test(caller)) total -= Number(line.split(' ')[1]);
    isCall = line.startsWith('calls=');
  }
  return total;
}
