import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../../clock.js';
import { OverloadedError, StoreError } from '../../errors.js';
import { type Change, type ChangeOutcome, expectValues, type MadeChange } from './change.js';
import type { WriterCall, WriterReply } from './writer.js';
import type { WriterPort } from './writer-port.js';

/**
 * Milliseconds for which a reader may use users in memory without asking whether the database has changed. The answer to a
 * change is held back for as long, so that every reader has asked again by then. (Leases: Gray and Cheriton, 1989.)
 */
export const UNCHANGED_FOR = 1;
/** Milliseconds for which a question or a change waits while another process has the file locked. */
export const BUSY_FOR = 4_000;
/** Milliseconds between two attempts. */
export const TRY_EVERY = 5;
/**
 * Milliseconds after which a change is written from the log into the file itself. A copy of the file without its log
 * lacks only the changes of this time, although such a copy should not be made.
 */
const CHECKPOINT_AFTER = 1_000;
/** The most changes in one transaction. Other processes have their turn between two transactions. */
const MOST_CHANGES = 200;

/** Another process had the file locked for {@link BUSY_FOR}. */
export function busyError(): OverloadedError {
  return new OverloadedError(1, 'another process has the user store locked');
}

/** Earlier changes took the writer {@link BUSY_FOR}. */
function lateError(): OverloadedError {
  return new OverloadedError(1, 'changes of the user store wait for its disk');
}

interface Waiting {
  readonly change: Change;
  /** Milliseconds of {@link now}. */
  readonly deadline: number;
  readonly resolve: (made: MadeChange) => void;
  readonly reject: (reason: Error) => void;
}

/** Queues changes for the writer. Changes that come while it writes others share one transaction, and one fsync. */
export class ChangeQueue {
  readonly #writer: WriterPort;
  readonly #onWritten: (failure: string | undefined) => void;
  #waiting: Waiting[] = [];
  /** Calls to make when no change waits. */
  readonly #chores = new Set<'probe' | 'checkpoint'>();
  #running: Promise<void> | undefined;
  #checkpoint: NodeJS.Timeout | undefined;
  /** Milliseconds of {@link now}. Undefined while the writer has no call. */
  #askedAt: number | undefined;

  /** @param onWritten called after each attempt, with the reason why changes fail, or undefined if they succeed */
  constructor(writer: WriterPort, onWritten: (failure: string | undefined) => void) {
    this.#writer = writer;
    this.#onWritten = onWritten;
  }

  /**
   * Resolves when the change is on disk, and in force in every process.
   *
   * @throws {OverloadedError} another process had the file locked, or the disk was busy, for {@link BUSY_FOR}
   * @throws {StoreError} the change cannot be made
   * @throws {TypeError} a value of the change has a type that no column has
   */
  make(change: Change): Promise<MadeChange> {
    return new Promise((resolve, reject) => {
      expectValues(change);
      this.#waiting.push({ change, deadline: now() + BUSY_FOR, resolve, reject });
      this.#run();
    });
  }

  /** Finds out whether changes can be made, with a write that changes nothing. */
  probe(): void {
    this.#do('probe');
  }

  /** Called ten times a second. A disk that hangs does not answer, and the changes that wait need an answer. */
  look(): void {
    if (this.#askedAt === undefined || now() < this.#askedAt + BUSY_FOR) return;
    this.#waiting = refuseOverdue(this.#waiting, lateError);
    this.#onWritten(`the disk has not answered for ${BUSY_FOR / 1_000} seconds`);
  }

  /** Resolves when every change was made or refused. No change may be made afterwards. */
  async finish(): Promise<void> {
    await this.#running;
    clearTimeout(this.#checkpoint);
  }

  #do(chore: 'probe' | 'checkpoint'): void {
    this.#chores.add(chore);
    this.#run();
  }

  #run(): void {
    this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    for (;;) {
      const [chore] = this.#chores;
      if (this.#waiting.length > 0) {
        await this.#write();
        this.#chores.delete('probe');
      } else if (chore !== undefined) {
        this.#chores.delete(chore);
        const reply = await this.#ask({ method: chore });
        if (chore === 'probe') this.#tell(reply);
      } else break;
    }
    this.#running = undefined;
  }

  async #write(): Promise<void> {
    // A change that has waited too long must not be made.
    const batch = refuseOverdue(this.#waiting.splice(0, MOST_CHANGES), lateError);
    if (batch.length === 0) return;
    const reply = await this.#ask({ method: 'write', changes: batch.map(({ change }) => change) });
    this.#tell(reply);
    switch (reply.kind) {
      case 'busy':
        // A random time, so that waiting processes do not all try at the same moment.
        await delay(TRY_EVERY * (1 + Math.random()));
        // Not before the delay: a change that runs out of time during it waited for the lock, and gets that error.
        this.#waiting.unshift(...refuseOverdue(batch, busyError));
        break;
      case 'failed':
        for (const { reject } of batch) reject(failed('the user store cannot be changed', reply.reason));
        break;
      case 'done':
        // Not awaited: the next changes are written while the answers to these are held back.
        void answerWaiting(batch, reply.outcomes);
        this.#checkpoint ??= setTimeout(() => this.#checkpointNow(), CHECKPOINT_AFTER).unref();
    }
  }

  #checkpointNow(): void {
    this.#checkpoint = undefined;
    this.#do('checkpoint');
  }

  /** The writer's thread may fail to start, for lack of memory or of a permission. */
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

/** The reason may name the file, which is for the operator only, so it becomes the cause. */
function failed(message: string, reason: string): StoreError {
  return new StoreError(message, { cause: new Error(reason) });
}

/** @returns the changes that may still wait */
function refuseOverdue(batch: readonly Waiting[], error: () => Error): Waiting[] {
  const time = now();
  for (const { deadline, reject } of batch) if (deadline <= time) reject(error());
  return batch.filter(({ deadline }) => time < deadline);
}

async function answerWaiting(batch: readonly Waiting[], outcomes: readonly ChangeOutcome[]): Promise<void> {
  const seenFrom = now() + UNCHANGED_FOR;
  for (let time = now(); time < seenFrom; time = now()) await delay(Math.ceil(seenFrom - time));
  for (const [index, { resolve, reject }] of batch.entries()) {
    const outcome = outcomes[index] as ChangeOutcome;
    if ('refused' in outcome) reject(failed('the user store refuses the change', outcome.refused));
    else resolve(outcome);
  }
}
