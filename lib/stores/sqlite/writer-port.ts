import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { StoreFiles } from './file-identity.js';
import threadProgram from './thread-program.cjs';
import { Writer, type WriterCall, type WriterReply } from './writer.js';

/** Milliseconds to wait for the thread to end. A thread whose disk hangs is left behind afterwards. */
const CLOSE_WITHIN = 2_000;

const ENDED: WriterReply = { kind: 'failed', reason: 'the thread that writes has ended' };

/** Calls a {@link Writer} in this or another thread. A caller waits for each reply before the next call. */
export interface WriterPort {
  ask(call: WriterCall): Promise<WriterReply>;
  close(): Promise<void>;
}

/**
 * Makes a writer in a thread of its own, so that a slow disk delays nothing but changes. Where the program of that thread
 * is not installed (in a bundle, and in the sources) the writer is in this thread.
 */
export function createWriterPort(files: StoreFiles): WriterPort {
  const program = threadProgram();
  return program === undefined ? new LocalWriter(files) : new WriterThread(program, files);
}

class LocalWriter implements WriterPort {
  readonly #writer: Writer;

  constructor(files: StoreFiles) {
    this.#writer = new Writer(files);
  }

  async ask(call: WriterCall): Promise<WriterReply> {
    return this.#writer.answer(call);
  }

  async close(): Promise<void> {
    this.#writer.close();
  }
}

/** The thread starts with the first call. It keeps the process alive only while a caller waits for a reply. */
export class WriterThread implements WriterPort {
  readonly #program: string;
  readonly #files: StoreFiles;
  #worker: Worker | undefined;
  /** Answers the last call, if it has no reply yet. */
  #giveUp: (() => void) | undefined;
  #isClosed = false;

  constructor(program: string, files: StoreFiles) {
    this.#program = program;
    this.#files = files;
  }

  async ask(call: WriterCall): Promise<WriterReply> {
    if (this.#isClosed) return ENDED;
    this.#worker ??= this.#start();
    const worker = this.#worker;
    return new Promise((resolve) => {
      const answered = (reply: WriterReply) => {
        worker.off('message', answered).off('error', failed).off('exit', ended).unref();
        resolve(reply);
      };
      const failed = (error: Error) => answered({ kind: 'failed', reason: error.message });
      const ended = () => answered(ENDED);
      this.#giveUp = ended;
      worker.postMessage(call);
      worker.on('message', answered).on('error', failed).on('exit', ended).ref();
    });
  }

  /** Ends the thread, and answers a call that has no reply yet. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.ref();
    worker.postMessage('close');
    // Only the thread keeps the process alive, and not this timer.
    await Promise.race([ended, setTimeout(CLOSE_WITHIN, undefined, { ref: false })]);
    worker.unref();
    void worker.terminate();
    this.#giveUp?.();
  }

  #start(): Worker {
    const options = { name: 'kapacitor-auth', workerData: this.#files, execArgv: [], env: environmentOfThread() };
    const worker = new Worker(this.#program, options);
    const forget = () => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    return worker.on('error', forget).on('exit', forget);
  }
}

/**
 * The variables by which Node.js finds packages such as better-sqlite3. A copy of all would keep the passwords among them in
 * memory, and NODE_OPTIONS may load a module before the app, such as tracing, which may not run in a thread.
 */
function environmentOfThread(): Record<string, string | undefined> {
  const { NODE_PATH, HOME, USERPROFILE } = process.env;
  const variables = Object.entries({ NODE_PATH, HOME, USERPROFILE });
  return Object.fromEntries(variables.filter(([, value]) => value !== undefined));
}
