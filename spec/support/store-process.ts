import { type ChildProcess, spawn } from 'node:child_process';
import { onTestFinished, vi } from 'vitest';
import { kill, NODE_OPTIONS, programNamed } from './child-process.js';
import type { Deed, Deeds, Failure, Question, Told } from './store-program.js';

type Outcome<D extends Deed> = Awaited<ReturnType<Deeds[D]>>;

export interface StartOptions {
  /** A command that runs another one, such as `unshare`. */
  readonly within?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Another process on a store. It runs store-program.ts as it is built, so changes are made in a thread of their own. */
export class StoreProcess {
  readonly child: ChildProcess;
  /** The users of its storms whose creation has been answered, so far. */
  readonly created: string[] = [];
  /** Each state that its store came into, with the reason, and the `performance.now()` at which it was told. */
  readonly states: { readonly state: string; readonly reason: string | undefined; readonly at: number }[] = [];
  readonly #waiting = new Map<number, (told: Extract<Told, { id: number }>) => void>();
  readonly #opening: Promise<void>;
  #asked = 0;

  /** Starts the process, and waits until the store is open there. Rejects if it cannot be opened. */
  static async start(file: string, options: StartOptions = {}): Promise<StoreProcess> {
    const process = new StoreProcess(startProgram('store-program', [file], options));
    await process.#opening;
    return process;
  }

  private constructor(child: ChildProcess) {
    this.child = child;
    this.#opening = new Promise((resolve, reject) => {
      child.once('exit', (code, signal) => reject(new Error(`the process has ended: ${signal ?? code}`)));
      child.on('message', (told: Told) => {
        if ('created' in told) this.created.push(told.created);
        else if ('state' in told) this.states.push({ ...told, at: performance.now() });
        else if ('id' in told) this.#waiting.get(told.id)?.(told);
        else if (told.isOpen) resolve();
        else reject(errorOf(told.failure as Failure));
      });
    });
  }

  /** Asks for a deed, and answers or rejects as it does there. */
  ask<D extends Deed>(deed: D, ...args: Parameters<Deeds[D]>): Promise<Outcome<D>> {
    this.#asked += 1;
    const question: Question = { id: this.#asked, deed, args };
    return new Promise((resolve, reject) => {
      this.child.once('exit', () => reject(new Error(`${deed}: the process has ended`)));
      this.#waiting.set(question.id, ({ answer, failure }) => {
        this.#waiting.delete(question.id);
        if (failure === undefined) resolve(answer as Outcome<D>);
        else reject(errorOf(failure));
      });
      this.child.send(question);
    });
  }

  /** Lets the process create users until it is killed or a creation fails. */
  storm(prefix: string): void {
    void Promise.allSettled([this.ask('storm', prefix)]);
  }

  /** Waits until its store is in this state. */
  async until(state: string, milliseconds = 5_000): Promise<void> {
    await vi.waitUntil(() => this.states.at(-1)?.state === state, { timeout: milliseconds, interval: 5 });
  }

  /** Waits until its store has been in this state. It need not stay there: a small change can have room where a larger one had none. */
  async comesInto(state: string): Promise<void> {
    await vi.waitUntil(() => this.states.some((told) => told.state === state), 5_000);
  }

  async kill(): Promise<void> {
    await kill(this.child);
  }
}

/** Starts a program, as it is built. It ends when the test is over. */
export function startProgram(program: string, args: readonly string[], { within = [], env }: StartOptions = {}) {
  const command = [...within, process.execPath, ...NODE_OPTIONS, programNamed(program), ...args];
  const child = spawn(command[0] as string, command.slice(1), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, ...env },
  });
  child.setMaxListeners(0);
  onTestFinished(() => kill(child));
  return child;
}

function errorOf(failure: Failure): Error {
  return Object.assign(new Error(), failure);
}
