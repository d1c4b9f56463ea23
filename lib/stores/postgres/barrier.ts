import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { UnderWay } from '../../promises.js';
import { RETRY_INTERVAL } from './availability.js';
import type { Ask } from './driver.js';
import { TRUSTED_FOR } from './known-users.js';
import type { TableNames } from './table-names.js';

/** A notification, as `pg` hands it over. */
export interface Notification {
  readonly channel: string;
  readonly payload?: string | undefined;
}

/** Waits for the answers of the other processes to one question. */
interface Round {
  /** The processes that have answered. */
  readonly answered: Set<string>;
  /** Those that must. Undefined: it is not known yet. */
  asked: readonly string[] | undefined;
  readonly end: () => void;
}

/** Milliseconds after which nobody serves what was in memory before without asking. A timer may be a millisecond early. */
const NOT_TRUSTED_AFTER = TRUSTED_FOR + 10;
/** Milliseconds after which a process that served users from memory in an outage has tried the database again. */
const TRIED_AGAIN_AFTER = RETRY_INTERVAL + 10;
/** Answers in one statement. A process that was stopped for a while may have thousands to give. */
const ANSWERS_AT_ONCE = 100;
/** The channel for the answer, and the number of the question. Any role of the database may send notifications. */
const QUESTION = /^(\w{1,63}) (\d{1,15})$/;

/**
 * Lets a change wait until every process that serves users from memory has been notified of it.
 *
 * A process that listens holds a shared lock, by which the others know it. After the change, this process sends a
 * notification to all of them, each of which answers with one. Notifications arrive in the order of their transactions, so
 * a process that answers has the change's own already. A process that does not answer asks the database again by itself,
 * {@link TRUSTED_FOR} after it last did.
 */
export class Barrier {
  /** The channels to listen on, besides that of the changes. Their names need no quotes. */
  readonly channels: readonly [questions: string, answers: string];
  readonly #lockKey: bigint;
  readonly #askElsewhere: Ask;
  /** Runs a statement on the connection that listens. Undefined while there is none. */
  #ask: Ask | undefined;
  readonly #rounds = new Map<string, Round>();
  #sent = 0;
  /** Resolves, and never rejects, when the question under way is sent. */
  #sending: Promise<unknown> = Promise.resolve();
  /** The round whose question is not sent yet. */
  #next: Promise<void> | undefined;
  /** The waits of changes. */
  readonly #underWay = new UnderWay();
  /** The questions of others that are not answered yet: the channel for the answer, and the question's number. */
  #unanswered: (readonly [channel: string, number: string])[] = [];
  #isAnswering = false;

  /** @param askElsewhere runs a statement on another connection than the one that listens */
  constructor(names: TableNames, askElsewhere: Ask) {
    // Each process listens for its own answers alone.
    this.channels = [`${names.channel}_asked`, `${names.channel}_${randomBytes(8).toString('hex')}`];
    this.#lockKey = BigInt(names.lockKey('listeners'));
    this.#askElsewhere = askElsewhere;
  }

  /**
   * Makes this process one that others wait for: it must listen on the {@link channels} by now, and read again whatever it has
   * in memory afterwards.
   *
   * @param ask runs a statement on the connection that listens
   */
  async join(ask: Ask): Promise<void> {
    // A question may come together with the lock.
    this.#ask = ask;
    await ask({ text: `SELECT pg_advisory_lock_shared(${this.#lockKey})` });
  }

  /** The connection that listens is lost, and the lock with it. */
  leave(): void {
    this.#ask = undefined;
    this.#unanswered = [];
  }

  /** Takes a notification that arrived on one of the {@link channels}. @returns false if it arrived on another one */
  take({ channel, payload = '' }: Notification): boolean {
    const [questions, answers] = this.channels;
    if (channel === answers) this.#answered(payload);
    else if (channel === questions) this.#asked(payload);
    else return false;
    return true;
  }

  /**
   * Resolves when every process has been notified of the changes that were committed before, or asks the database again:
   * {@link TRUSTED_FOR} later at the latest.
   *
   * @param hasListened whether this process has listened since {@link RETRY_INTERVAL} before the change. Otherwise the database
   *   may have come back just now, and other processes may serve users from memory until they try it again
   * @throws the error given to {@link close}
   */
  async pass(hasListened: boolean): Promise<void> {
    // A question that is not sent yet serves this change as well.
    this.#next ??= this.#sending.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    const passed = Promise.all([this.#next, hasListened || delay(TRIED_AGAIN_AFTER, undefined, { ref: false })]);
    const over = new AbortController();
    const { signal } = over;
    try {
      await this.#underWay.wait<unknown>(() => Promise.race([passed, delay(NOT_TRUSTED_AFTER, undefined, { signal })]));
    } finally {
      over.abort();
    }
  }

  /** Ends the wait of every change. The change itself is made. */
  close(error: () => Error): void {
    this.leave();
    this.#underWay.close(error);
  }

  #begin(): Promise<void> {
    this.#sent += 1;
    const number = String(this.#sent);
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#rounds.delete(number);
        resolve();
      };
      // By then no change waits any more.
      const timer = setTimeout(end, NOT_TRUSTED_AFTER).unref();
      const round: Round = { answered: new Set(), asked: undefined, end };
      this.#rounds.set(number, round);
      this.#sending = this.#send(number).then(
        (asked) => {
          round.asked = asked;
          endIfComplete(round);
        },
        // Nobody knows now which processes must answer, so the time has to pass.
        () => {},
      );
    });
  }

  /** Asks every process that listens but this one. @returns the processes that were asked */
  async #send(number: string): Promise<string[]> {
    const [questions, answers] = this.channels;
    const values = [questions, `${answers} ${number}`];
    // Equal notifications of one statement are sent once.
    const text = `SELECT pid::text, pg_notify($1, $2)::text FROM pg_locks
      WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND objsubid = 1
        AND classid = ${BigInt.asUintN(32, this.#lockKey >> 32n)} AND objid = ${BigInt.asUintN(32, this.#lockKey)}
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND pid <> pg_backend_pid()`;
    // Without a connection that listens no answer arrives, and it only matters whether there is anybody to wait for.
    const ask = this.#ask ?? this.#askElsewhere;
    return (await ask({ text, values })).rows.map(({ pid }) => pid as string);
  }

  #answered(payload: string): void {
    const [number = '', pid = ''] = payload.split(' ');
    const round = this.#rounds.get(number);
    if (round === undefined) return;
    round.answered.add(pid);
    endIfComplete(round);
  }

  #asked(payload: string): void {
    const [, channel = '', number = ''] = QUESTION.exec(payload) ?? [];
    if (channel === '' || channel === this.channels[1]) return;
    this.#unanswered.push([channel, number]);
    if (!this.#isAnswering) void this.#sendAnswers();
  }

  /** Answers the questions together that arrive meanwhile. */
  async #sendAnswers(): Promise<void> {
    this.#isAnswering = true;
    while (this.#ask !== undefined && this.#unanswered.length > 0) {
      const answers = this.#unanswered.splice(0, ANSWERS_AT_ONCE);
      const values = [answers.map(([channel]) => channel), answers.map(([, number]) => number)];
      const text = `SELECT pg_notify(channel, number || ' ' || pg_backend_pid())
        FROM unnest($1::text[], $2::text[]) AS answer (channel, number)`;
      // The process that asked does not wait for long.
      await this.#ask({ text, values }).catch(() => {});
    }
    this.#isAnswering = false;
  }
}

function endIfComplete({ asked, answered, end }: Round): void {
  if (asked?.every((pid) => answered.has(pid))) end();
}
