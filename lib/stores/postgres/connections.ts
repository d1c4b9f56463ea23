import { now } from '../../clock.js';
import { answerWithin, UnderWay } from '../../promises.js';
import { warn } from '../../warnings.js';
import {
  type Answer,
  type Ask,
  loadDriver,
  type PooledClient,
  type PostgresClient,
  type PostgresPool,
  type Statement,
  withTypes,
} from './driver.js';
import type { StoreUrl } from './url.js';

/** Milliseconds. How long the server works on one question at the most. */
const STATEMENT_TIMEOUT = 1_000;
/** Milliseconds. */
const CONNECT_WITHIN = 2_000;
/** Milliseconds. A change may have to wait for another one of the same user. */
const CHANGE_WITHIN = 1_500;

/** Of every connection that is made here. */
const OPTIONS = { connectionTimeoutMillis: CONNECT_WITHIN, statement_timeout: STATEMENT_TIMEOUT, keepAlive: true };

/**
 * What was answered is on disk, whatever the server is set to; a server that waits for others' disks as well does so.
 * And a process that is gone without a word holds its locks for no longer than it would have needed them.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL statement_timeout = ${CHANGE_WITHIN};
SET LOCAL idle_in_transaction_session_timeout = ${CHANGE_WITHIN};
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;

/** The connections to the database: so many at the most, and one that listens. */
export class Connections {
  readonly #pool: PostgresPool;
  readonly #isOwn: boolean;
  readonly #createClient: () => PostgresClient;
  readonly #inUse = new Set<Pick<PostgresClient, 'end'>>();
  readonly #underWay = new UnderWay();

  /** @param source the app's pool, or what to make one of */
  constructor(source: PostgresPool | StoreUrl) {
    if ('connectionString' in source) {
      const { Pool, Client } = loadDriver();
      const { connectionString, max } = source;
      const options = { ...OPTIONS, connectionString, fallback_application_name: 'kapacitor-auth' };
      // The app keeps the process alive, and not what it has open.
      this.#pool = new Pool({ ...options, max, allowExitOnIdle: true });
      this.#isOwn = true;
      this.#createClient = () => new Client(options);
    } else {
      this.#pool = source;
      this.#isOwn = false;
      this.#createClient = () => clientLike(source);
      warnOfPool(source);
    }
    // A connection may be lost at any moment, idle ones as well: without a listener that would end the process.
    this.#pool.on('error', ignore);
    this.#pool.on('connect', listenForLoss);
  }

  /** One that is not connected yet, for who needs it for long. */
  createClient(): PostgresClient {
    return this.#createClient();
  }

  /**
   * Asks once, and once more if the connection was lost: it may have been idle when the server was started anew.
   *
   * @param milliseconds for all of it, the wait for a connection as well
   */
  async ask(statement: Statement, milliseconds: number): Promise<Answer> {
    const deadline = now() + milliseconds;
    return onceMore(() => this.use(deadline - now(), (asking) => asking(statement)));
  }

  /** Makes a change. It is done as a whole, or not at all, and kept for good when this has answered. */
  async change<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const deadline = now() + CHANGE_WITHIN;
    let hasBegun = false;
    const attempt = () =>
      this.use(deadline - now(), async (asking) => {
        await asking({ text: BEGIN });
        hasBegun = true;
        const outcome = await work(asking);
        await asking({ text: 'COMMIT' });
        return outcome;
      });
    return onceMore(attempt, () => !hasBegun);
  }

  /**
   * Does something with one connection. If it fails the connection is given up, but not before the server has ended what
   * it was asked, or should have: so there are never more at work than the pool may have.
   */
  async use<T>(milliseconds: number, work: (ask: Ask) => Promise<T>): Promise<T> {
    const deadline = now() + milliseconds;
    const client = await this.#connect(Math.min(milliseconds, CONNECT_WITHIN));
    let asked: Promise<unknown> = Promise.resolve();
    const asking: Ask = (statement) => {
      return this.#answer(deadline - now(), () => {
        const answer: Promise<Answer> = client.query(withTypes(statement));
        asked = answer;
        return answer;
      });
    };
    try {
      const result = await work(asking);
      this.#release(client);
      return result;
    } catch (error) {
      const giveUp = () => this.#release(client, error as Error);
      answerWithin(STATEMENT_TIMEOUT, asked).then(giveUp, giveUp);
      throw error;
    }
  }

  /**
   * Does something for long, with a connection of its own: those of the pool are for requests. Whoever leaves the loop
   * early ends it.
   *
   * @param milliseconds for each question
   */
  async *useBeside<T>(milliseconds: number, work: (ask: Ask) => AsyncIterable<T>): AsyncGenerator<T, void, void> {
    const client = this.#createClient();
    // What is wrong is told to whoever waits for an answer.
    client.on('error', ignore);
    this.#inUse.add(client);
    try {
      await this.#answer(CONNECT_WITHIN, () => client.connect());
      yield* work((statement) => this.#answer(milliseconds, () => client.query(withTypes(statement))));
    } finally {
      this.#inUse.delete(client);
      // What is mute does not answer a goodbye either.
      await answerWithin(STATEMENT_TIMEOUT, client.end()).catch(ignore);
    }
  }

  /** @param reason makes the error for each question that is under way: it is not waited for */
  async close(reason: () => Error): Promise<void> {
    this.#underWay.close(reason);
    for (const client of this.#inUse) client.end().catch(ignore);
    if (this.#isOwn) return this.#pool.end();
    this.#pool.off('error', ignore);
    this.#pool.off('connect', listenForLoss);
  }

  #answer<T>(milliseconds: number, ask: () => Promise<T>): Promise<T> {
    return this.#underWay.wait(() => answerWithin(milliseconds, ask()));
  }

  async #connect(milliseconds: number): Promise<PooledClient> {
    let connecting: Promise<PooledClient> | undefined;
    try {
      const client = await this.#answer(milliseconds, () => {
        connecting = this.#pool.connect();
        return connecting;
      });
      // One of the app's pool may have been made before there was a listener.
      client.on('error', ignore);
      this.#inUse.add(client);
      return client;
    } catch (error) {
      // One that comes after all is for others to use.
      connecting?.then((late) => late.release(), ignore);
      throw error;
    }
  }

  #release(client: PooledClient, error?: Error): void {
    this.#inUse.delete(client);
    client.off('error', ignore);
    client.release(error);
  }
}

/** A client beside those of the app's pool, which connects as they do. */
function clientLike(pool: PostgresPool): PostgresClient {
  const { Client = loadDriver().Client } = pool as { Client?: new (options: object) => PostgresClient };
  // A pool hides its password from those who enumerate.
  const { password } = pool.options as { password?: unknown };
  return new Client({ ...pool.options, password, ...OPTIONS });
}

/** Tries again if the connection was lost, and if it may be tried again. */
function onceMore<T>(attempt: () => Promise<T>, mayRepeat: () => boolean = () => true): Promise<T> {
  return attempt().catch((error: unknown) => {
    if (mayRepeat() && isConnectionLost(error)) return attempt();
    throw error;
  });
}

/** Tells whether the connection is gone, and not only slow: another one may do better. */
function isConnectionLost(error: unknown): boolean {
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  return (
    ['57P01', '57P02', '08006', 'ECONNRESET', 'EPIPE'].includes(code) || message.startsWith('Connection terminated')
  );
}

function listenForLoss(client: PostgresClient): void {
  client.on('error', ignore);
}

function ignore(): void {}

/** With pg's defaults what hangs is waited for without an end, here and at the server, until no connection is left. */
function warnOfPool({ options }: PostgresPool): void {
  const wanted = ['connectionTimeoutMillis', 'statement_timeout'];
  const missing = wanted.filter((option) => !(options as Record<string, unknown>)[option]);
  if (missing.length === 0) return;
  warn(
    'KAPACITOR_AUTH_CONFIG',
    `the app's pool has no ${missing.join(' and no ')}, so it does not heal from everything: ` +
      'new pg.Pool({ connectionTimeoutMillis: 2000, statement_timeout: 1000, … })',
  );
}
