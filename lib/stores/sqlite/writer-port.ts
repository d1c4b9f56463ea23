import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { StoreSource } from './source.js';
import threadProgram from './thread-program.cjs';
import { Writer, type WriterCall, type WriterReply } from './writer.js';

/** Milliseconds to wait for the end of the thread. One whose disk hangs is left alone afterwards. */
const CLOSE_WITHIN = 2_000;

const ENDED: WriterReply = { kind: 'failed', reason: 'the thread that writes has ended' };

/** A way to a {@link Writer} in this or another thread. The next call comes after the reply to the last one. */
export interface WriterPort {
  ask(call: WriterCall): Promise<WriterReply>;
  close(): Promise<void>;
}

/**
 * Makes a writer in a thread of its own, so that a slow disk delays nothing but changes. The writer is in this thread
 * where the program of the other thread is not installed: in a bundle, and in the sources.
 */
export function createWriterPort(source: StoreSource): WriterPort {
  const program = threadProgram();
  return program === undefined ? new LocalWriter(source) : new WriterThread(program, source);
}

class LocalWriter implements WriterPort {
  readonly #writer: Writer;

  constructor(source: StoreSource) {
    this.#writer = new Writer(source);
  }

  async ask(call: WriterCall): Promise<WriterReply> {
    return this.#writer.answer(call);
  }

  async close(): Promise<void> {
    this.#writer.close();
  }
}

/** The thread starts with the first call, and keeps the process alive only while a reply is awaited. */
export class WriterThread implements WriterPort {
  readonly #program: string;
  readonly #source: StoreSource;
  #worker: Worker | undefined;
  /** Answers what it was asked last, if that is not answered yet. */
  #giveUp: (() => void) | undefined;
  #isClosed = false;

  constructor(program: string, source: StoreSource) {
    this.#program = program;
    this.#source = source;
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

  /** Whatever was asked is answered then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.ref();
    worker.postMessage('close');
    // The thread alone keeps the process alive, and not this timer.
    await Promise.race([ended, setTimeout(CLOSE_WITHIN, undefined, { ref: false })]);
    worker.unref();
    void worker.terminate();
    this.#giveUp?.();
  }

  #start(): Worker {
    // Without what Node.js loads before the app, such as tracing: this thread does not need it, and it may not run in one.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const options = { name: 'kapacitor-auth', workerData: this.#source, execArgv: [], env };
    const worker = new Worker(this.#program, options);
    const forget = () => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    return worker.on('error', forget).on('exit', forget);
  }
}
