import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { StoreSource } from './source.js';
import threadProgram from './thread-program.cjs';
import { Writer, type WriterCall, type WriterReply } from './writer.js';

/** Milliseconds. A thread whose disk hangs is left alone then. */
const CLOSE_WITHIN = 2_000;

const ENDED: WriterReply = { kind: 'failed', reason: 'the thread that writes has ended' };

/** A {@link Writer}, wherever it is. It is asked one thing at a time. */
export interface WriterPort {
  ask(call: WriterCall): Promise<WriterReply>;
  close(): Promise<void>;
}

/**
 * A writer in a thread of its own, so that a slow disk holds nothing up but changes. It is in this thread where the
 * program of the other one is not to be found: in a bundle, and in the sources.
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

/** The thread starts with the first question, and keeps the process alive only while it is asked something. */
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
    // The thread keeps the process alive until then, and not this timer.
    await Promise.race([ended, setTimeout(CLOSE_WITHIN, undefined, { ref: false })]);
    worker.unref();
    void worker.terminate();
    this.#giveUp?.();
  }

  #start(): Worker {
    // What Node.js is told to load before the app, such as tracing, is not for this thread, and might not run in one.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const options = { name: 'kapacitor-auth', workerData: this.#source, execArgv: [], env };
    const worker = new Worker(this.#program, options);
    const forget = () => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    return worker.on('error', forget).on('exit', forget);
  }
}
