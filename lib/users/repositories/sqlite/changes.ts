import { setTimeout } from 'node:timers/promises';
import { now } from '../../../clock.js';
import { OverloadedError, StoreError } from '../../../errors.js';
import { type Change, type ChangeOutcome, expectValues, type Made } from './statements.js';
import type { WriterCall, WriterReply } from './writer.js';
import type { WriterPort } from './writer-port.js';

/**
 * Milliseconds. For this time a reader takes it that nothing has changed since it looked, and for this time a change is
 * held back after it was made: whoever asks after its answer looks again. (Leases: Gray and Cheriton, 1989.)
 */
export const UNCHANGED_FOR = 1;
/** Milliseconds for which a question or a change waits while another process has the file locked. */
export const BUSY_FOR = 4_000;
/** Milliseconds between two attempts. */
export const TRY_EVERY = 5;
/** Of one transaction. Other processes have their turn between two. */
const MOST_CHANGES = 200;

/** Somebody else had the file locked for {@link BUSY_FOR}. */
export function busyError(): OverloadedError {
  return new OverloadedError(1, 'another process has the user store locked');
}

/** Those before it were written for {@link BUSY_FOR}. */
function lateError(): OverloadedError {
  return new OverloadedError(1, 'changes of the user store wait for its disk');
}

interface Waiting {
  readonly change: Change;
  /** Of {@link now}. */
  readonly deadline: number;
  readonly resolve: (made: Made) => void;
  readonly reject: (reason: Error) => void;
}

/** Has changes made. Those that come while others are written are written together, with one wait for the disk. */
export class Changes {
  readonly #writer: WriterPort;
  readonly #onWritten: (failure: string | undefined) => void;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  /** Of {@link now}. Undefined: the writer is not asked anything. */
  #askedAt: number | undefined;
  #isProbed = false;

  /** @param onWritten told each time whether changes can be made: why not, or undefined */
  constructor(writer: WriterPort, onWritten: (failure: string | undefined) => void) {
    this.#writer = writer;
    this.#onWritten = onWritten;
  }

  /**
   * Fulfilled when the change is on disk, and in force in every process.
   *
   * @throws {OverloadedError} another process writes for too long
   * @throws {StoreError} it cannot be made
   * @throws {TypeError} a value of it is of a kind that no column has
   */
  make(change: Change): Promise<Made> {
    return new Promise((resolve, reject) => {
      expectValues(change);
      this.#waiting.push({ change, deadline: now() + BUSY_FOR, resolve, reject });
      this.#run();
    });
  }

  /** Tries to write, so that it is known whether changes can be made. */
  probe(): void {
    this.#isProbed = true;
    this.#run();
  }

  /** To be called now and then: a disk that hangs gives no answer, and whoever waits is to have one. */
  look(): void {
    if (this.#askedAt === undefined || now() < this.#askedAt + BUSY_FOR) return;
    this.#waiting = refuseOverdue(this.#waiting, lateError);
    this.#onWritten(`the disk has not answered for ${BUSY_FOR / 1_000} seconds`);
  }

  /** Fulfilled when everything that was to be made has been made or refused. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #run(): void {
    this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0 || this.#isProbed) {
      if (this.#waiting.length > 0) await this.#write();
      else this.#tell(await this.#ask({ method: 'probe' }));
      this.#isProbed = false;
    }
    this.#running = undefined;
  }

  async #write(): Promise<void> {
    // A change that was refused meanwhile, for waiting too long, is not to be made later.
    const batch = refuseOverdue(this.#waiting.splice(0, MOST_CHANGES), lateError);
    if (batch.length === 0) return;
    const reply = await this.#ask({ method: 'write', changes: batch.map(({ change }) => change) });
    this.#tell(reply);
    switch (reply.kind) {
      case 'busy':
        // Processes that wait for one another do not try in step.
        await setTimeout(TRY_EVERY * (1 + Math.random()));
        // Afterwards: most of the time is over while they wait, and the lock is what they wait for.
        this.#waiting.unshift(...refuseOverdue(batch, busyError));
        break;
      case 'failed':
        for (const { reject } of batch) reject(failed('the user store cannot be changed', reply.reason));
        break;
      case 'done':
        // The next ones need not wait for that.
        void settle(batch, reply.outcomes);
    }
  }

  /** A thread may not be allowed, or have no memory. */
  async #ask(call: WriterCall): Promise<WriterReply> {
    this.#askedAt = now();
    try {
      return await this.#writer.ask(call);
    } catch (error) {
      return { kind: 'failed', reason: (error as Error).message };
    } finally {
      this.#askedAt = undefined;
    }
  }

  #tell(reply: WriterReply): void {
    if (reply.kind !== 'busy') this.#onWritten(reply.kind === 'failed' ? reply.reason : undefined);
  }
}

/** The reason is the operator's: it may name the file. */
function failed(message: string, reason: string): StoreError {
  return new StoreError(message, { cause: new Error(reason) });
}

/** @returns those that may still wait */
function refuseOverdue(batch: readonly Waiting[], error: () => Error): Waiting[] {
  const time = now();
  for (const { deadline, reject } of batch) if (deadline <= time) reject(error());
  return batch.filter(({ deadline }) => time < deadline);
}

async function settle(batch: readonly Waiting[], outcomes: readonly ChangeOutcome[]): Promise<void> {
  const seenFrom = now() + UNCHANGED_FOR;
  for (let time = now(); time < seenFrom; time = now()) await setTimeout(Math.ceil(seenFrom - time));
  for (const [index, { resolve, reject }] of batch.entries()) {
    const outcome = outcomes[index] as ChangeOutcome;
    if ('refused' in outcome) reject(failed('the user store refuses the change', outcome.refused));
    else resolve(outcome);
  }
}
