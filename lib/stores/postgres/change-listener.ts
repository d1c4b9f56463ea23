import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { answerWithin, TimeoutError } from '../../promises.js';
import type { Barrier, Notification } from './barrier.js';
import { type Answer, type Ask, type PostgresClient, queryConfig, type Statement } from './driver.js';

/** Milliseconds between two comparisons of users in memory with the table. */
const COMPARE_EVERY = 300;
/** Milliseconds. A connection that is silent for longer is closed. */
const ANSWER_WITHIN = 2_000;
/**
 * Lets the server notice within 10 seconds that this machine has gone without a word: the other processes would wait for an
 * answer at each change until then. These are settings of a TCP connection. Others, and some systems, ignore them.
 */
const NOTICE_LOSS = `SET tcp_user_timeout = 5000; SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1;
  SET tcp_keepalives_count = 3`;
/** Milliseconds that a notification to itself may take on a new connection. */
const ECHO_WITHIN = 1_000;
/** Milliseconds between the first two attempts to connect. The time doubles with each attempt. */
const RETRY_AFTER = 100;
/** Milliseconds between two attempts at most. */
const RETRY_AFTER_AT_MOST = 1_000;

/** Parameters of a {@link ChangeListener}. */
export interface ChangeListenerOptions {
  readonly channel: string;
  /** Makes a client that is not connected yet. */
  readonly createClient: () => PostgresClient;
  /** Runs a statement on another connection. */
  readonly askElsewhere: Ask;
  /** Changes wait there until the other processes have been notified. */
  readonly barrier: Pick<Barrier, 'channels' | 'join' | 'leave' | 'take'>;
  /** Called with the name of each changed user. An empty name stands for all users. */
  readonly onChange: (name: string) => void;
  /** Compares users in memory with the table. Called regularly, with the listener's own connection. */
  readonly compare: (ask: Ask) => Promise<void>;
  /** Called after each comparison, and when the connection is lost or cannot be made. */
  readonly onState: (isListening: boolean, error?: Error) => void;
}

/**
 * Receives notifications of changes (LISTEN) on a connection of its own, and reconnects when that is lost. It counts as
 * listening once it has received a notification to itself and has compared all users in memory with the table, and for as
 * long as each further comparison succeeds.
 */
export class ChangeListener {
  readonly #options: ChangeListenerOptions;
  readonly #closing = new AbortController();
  /** Aborted, with the reason, when the current connection is to be closed. */
  #connection = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: ChangeListenerOptions) {
    this.#options = options;
  }

  /** Listens until it is closed. The promise is resolved after the first attempt, successful or not. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#running = this.#run(resolve);
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection.abort(new Error('the listener is closed'));
    await this.#running;
  }

  async #run(onFirstAttempt: () => void): Promise<void> {
    const { signal } = this.#closing;
    let retryAfter = RETRY_AFTER;
    while (!signal.aborted) {
      const error = await this.#connectAndListen(() => {
        retryAfter = RETRY_AFTER;
        onFirstAttempt();
      });
      this.#options.barrier.leave();
      if (!signal.aborted) this.#options.onState(false, error);
      onFirstAttempt();
      await delay(retryAfter, undefined, { ref: false, signal }).catch(() => {});
      retryAfter = Math.min(2 * retryAfter, RETRY_AFTER_AT_MOST);
    }
  }

  /**
   * Listens on a new connection until it is lost.
   *
   * @returns the reason for the loss
   */
  async #connectAndListen(onListening: () => void): Promise<Error> {
    const connection = new AbortController();
    const giveUp = (reason: unknown) => connection.abort(reason);
    this.#connection = connection;
    try {
      const client = this.#options.createClient();
      // The first reason counts: the event says more than the rejection of the statement under way.
      client.on('error', giveUp);
      client.on('end', () => giveUp(new Error('the connection that listens for changes has ended')));
      const givenUp = new Promise<void>((resolve) => {
        connection.signal.addEventListener('abort', () => {
          disconnect(client);
          resolve();
        });
      });
      // A statement on a closed connection may never be answered.
      await Promise.race([this.#listen(client, connection, onListening), givenUp]);
    } catch (error) {
      giveUp(error);
    }
    return connection.signal.reason;
  }

  async #listen(client: PostgresClient, connection: AbortController, onListening: () => void): Promise<never> {
    const { channel, askElsewhere, barrier, onChange, onState, compare } = this.#options;
    const { signal } = connection;
    const ask = oneAtATime((statement) => askOn(client, connection, statement));

    await answerWithin(ANSWER_WITHIN, client.connect());
    const echo = `echo ${randomUUID()}`;
    const echoed = new Promise<void>((resolve) => {
      client.on('notification', (notification: Notification) => {
        const { payload = '' } = notification;
        if (payload === echo) resolve();
        else if (!barrier.take(notification)) onChange(payload);
      });
    });
    await ask({ text: [channel, ...barrier.channels].map((each) => `LISTEN ${each}`).join('; ') });
    // A pooler such as PgBouncer accepts LISTEN, but forwards only notifications that the connection itself has caused.
    const notification = { text: 'SELECT pg_notify($1, $2)', values: [channel, echo] };
    await askElsewhere(notification).catch(() => ask(notification));
    await answerWithin(ECHO_WITHIN, echoed);
    // Not before, because the connections of a pooler are not this process's own.
    await ask({ text: NOTICE_LOSS });
    await barrier.join(ask);
    for (;;) {
      await compare(ask);
      signal.throwIfAborted();
      // From here on the connection does not keep the process alive.
      client.unref();
      onState(true);
      onListening();
      await delay(COMPARE_EVERY, undefined, { ref: false, signal });
    }
  }
}

/**
 * Runs a statement on a connection, which is given up if there is no answer.
 *
 * @param connection aborted when it is lost. An answer that arrives at the same time proves nothing any more
 */
async function askOn(client: PostgresClient, connection: AbortController, statement: Statement): Promise<Answer> {
  const { signal } = connection;
  signal.throwIfAborted();
  try {
    const answer: Answer = await answerWithin(ANSWER_WITHIN, client.query(queryConfig(statement)));
    signal.throwIfAborted();
    return answer;
  } catch (error) {
    if (error instanceof TimeoutError) connection.abort(error);
    throw error;
  }
}

/** Sends each statement when the one before is answered: `pg` 9 keeps no queue. */
function oneAtATime(ask: Ask): Ask {
  let last: Promise<unknown> = Promise.resolve();
  return (statement) => {
    const answer = last.then(() => ask(statement));
    last = answer.catch(() => {});
    return answer;
  };
}

/** Closes the connection. A server that does not answer is not waited for. */
function disconnect(client: PostgresClient): void {
  void Promise.allSettled([answerWithin(ANSWER_WITHIN, client.end())]);
}
