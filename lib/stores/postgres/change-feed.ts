import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { answerWithin } from '../../promises.js';
import { type Ask, type PostgresClient, withTypes } from './driver.js';

/** Milliseconds between two looks. */
const LOOK_EVERY = 300;
/** Milliseconds. A connection that is silent for so long is given up. */
const ANSWER_WITHIN = 2_000;
/** Milliseconds. How long a notification to itself may take when a connection is new. */
const ECHO_WITHIN = 1_000;
/** Milliseconds between attempts to connect: the first one, and how long it may become. */
const RETRY_AFTER = 100;
const RETRY_AFTER_AT_MOST = 1_000;

/** What a feed is for. */
export interface ChangeFeedOptions {
  readonly channel: string;
  /** A client that is not connected yet. */
  readonly createClient: () => PostgresClient;
  /** Asks on another connection. */
  readonly askElsewhere: Ask;
  /** Told the name of each user that has changed; an empty one stands for all. */
  readonly onChange: (name: string) => void;
  /** Asks the database about all that is in memory. Called often, on the feed's own connection. */
  readonly look: (ask: Ask) => Promise<void>;
  /** Told after each look, and each time that the connection is lost or cannot be made. */
  readonly onState: (isListening: boolean, error?: Error) => void;
}

/**
 * Hears of changes, on a connection of its own. The connection counts as healthy from the moment at which it has heard
 * itself and has looked at everything once, and as long as it answers each look.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #closing = new AbortController();
  /** Of the connection that there is: it is given up for what it is aborted with. */
  #connection = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  /** Begins to listen, and does not cease to try until it is closed. Resolves after the first attempt. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#running = this.#run(resolve);
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection.abort(new Error('the feed is closed'));
    await this.#running;
  }

  async #run(onFirstAttempt: () => void): Promise<void> {
    const { signal } = this.#closing;
    let retryAfter = RETRY_AFTER;
    while (!signal.aborted) {
      const error = await this.#listen(() => {
        retryAfter = RETRY_AFTER;
        onFirstAttempt();
      });
      if (!signal.aborted) this.#options.onState(false, error);
      onFirstAttempt();
      await delay(retryAfter, undefined, { ref: false, signal }).catch(() => {});
      retryAfter = Math.min(2 * retryAfter, RETRY_AFTER_AT_MOST);
    }
  }

  /** Listens on a new connection for as long as it can. @returns why it cannot any more */
  async #listen(onListening: () => void): Promise<Error> {
    const connection = new AbortController();
    const giveUp = (reason: unknown) => connection.abort(reason);
    this.#connection = connection;
    try {
      const client = this.#options.createClient();
      // What is wrong is told here, and in less telling words to whoever waits for an answer.
      client.on('error', giveUp);
      client.on('end', () => giveUp(new Error('the connection that listens for changes has ended')));
      const givenUp = new Promise<void>((resolve) => {
        connection.signal.addEventListener('abort', () => {
          end(client);
          resolve();
        });
      });
      // Whoever waits for an answer of what is given up waits in vain.
      await Promise.race([this.#hear(client, connection.signal, onListening), givenUp]);
    } catch (error) {
      giveUp(error);
    }
    return connection.signal.reason;
  }

  async #hear(client: PostgresClient, signal: AbortSignal, onListening: () => void): Promise<never> {
    const { channel, askElsewhere, onChange, onState, look } = this.#options;
    const asking: Ask = (statement) => answerWithin(ANSWER_WITHIN, client.query(withTypes(statement)));

    await answerWithin(ANSWER_WITHIN, client.connect());
    const echo = `echo ${randomUUID()}`;
    const heard = new Promise<void>((resolve) => {
      client.on('notification', ({ payload = '' }) => {
        if (payload === echo) resolve();
        else onChange(payload);
      });
    });
    await asking({ text: `LISTEN ${channel}` });
    // A pooler between takes the LISTEN, and passes on no notification but those that this connection causes itself.
    const notification = { text: 'SELECT pg_notify($1, $2)', values: [channel, echo] };
    await askElsewhere(notification).catch(() => asking(notification));
    await answerWithin(ECHO_WITHIN, heard);
    for (;;) {
      await look(asking);
      signal.throwIfAborted();
      // It is the app that keeps the process alive: from here on nobody waits for this.
      client.unref();
      onState(true);
      onListening();
      await delay(LOOK_EVERY, undefined, { ref: false, signal });
    }
  }
}

/** What is mute does not answer a goodbye either. */
function end(client: PostgresClient): void {
  void Promise.allSettled([answerWithin(ANSWER_WITHIN, client.end())]);
}
