import { now } from '../../clock.js';
import { answerWithin, UnderWay } from '../../promises.js';
import {
  type Answer,
  type Ask,
  CONNECT_WITHIN,
  type ConnectionSource,
  type PooledClient,
  type PostgresClient,
  queryConfig,
  STATEMENT_TIMEOUT,
  type Statement,
} from './driver.js';

/** Milliseconds for a change, which may have to wait for another change of the same user. */
const CHANGE_WITHIN = 1_500;

/**
 * An answered change is on disk, whatever the server's default is; a stronger setting, such as `remote_apply`, is kept.
 * The timeouts end the transaction, and its locks, of a process that has vanished.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL statement_timeout = ${CHANGE_WITHIN};
SET LOCAL idle_in_transaction_session_timeout = ${CHANGE_WITHIN};
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;

/** Runs statements on the connections of a pool, and on connections beside it, within limits of time. */
export class Connections {
  readonly #source: ConnectionSource;
  readonly #inUse = new Set<Pick<PostgresClient, 'end'>>();
  readonly #underWay = new UnderWay();

  constructor(source: ConnectionSource) {
    this.#source = source;
    // A connection can be lost at any time, also while it is idle: without a listener that would end the process.
    source.pool.on('error', ignore);
    source.pool.on('connect', ignoreErrorsOf);
  }

  /** Makes a client outside the pool. It is not connected yet. */
  createClient(): PostgresClient {
    return this.#source.createClient();
  }

  /**
   * Runs a statement that only reads. It is repeated once if its connection was lost: an idle connection does not
   * survive a restart of the server.
   *
   * @param milliseconds for everything, including the wait for a connection
   */
  async ask(statement: Statement, milliseconds: number): Promise<Answer> {
    const deadline = now() + milliseconds;
    return retryLostConnection(() => this.use(deadline - now(), (ask) => ask(statement)));
  }

  /** Runs a transaction. When the promise is resolved, the transaction is committed and on disk. */
  async change<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const deadline = now() + CHANGE_WITHIN;
    let hasBegun = false;
    const attempt = () =>
      this.use(deadline - now(), async (ask) => {
        await ask({ text: BEGIN });
        hasBegun = true;
        const outcome = await work(ask);
        await ask({ text: 'COMMIT' });
        return outcome;
      });
    // A transaction whose connection was lost later may have been committed.
    return retryLostConnection(attempt, () => !hasBegun);
  }

  /**
   * Runs statements on one connection of the pool. If one fails, the connection is closed. The pool gets it back for that
   * only when the server has ended the statement, or must have: so a process never has more statements at work than the
   * pool has connections.
   */
  async use<T>(milliseconds: number, work: (ask: Ask) => Promise<T>): Promise<T> {
    const deadline = now() + milliseconds;
    const client = await this.#connect(Math.min(milliseconds, CONNECT_WITHIN));
    let last: Promise<unknown> = Promise.resolve();
    const ask: Ask = (statement) =>
      this.#answer(deadline - now(), () => {
        const answer: Promise<Answer> = client.query(queryConfig(statement));
        last = answer;
        return answer;
      });
    try {
      const result = await work(ask);
      this.#release(client);
      return result;
    } catch (error) {
      const discard = () => this.#release(client, error as Error);
      answerWithin(STATEMENT_TIMEOUT, last).then(discard, discard);
      throw error;
    }
  }

  /**
   * Runs statements on a connection outside the pool, whose connections are for requests. The connection is closed at the
   * end of the iteration, also if the consumer leaves it early.
   *
   * @param milliseconds for each statement
   */
  async *useBeside<T>(milliseconds: number, work: (ask: Ask) => AsyncIterable<T>): AsyncGenerator<T, void, void> {
    const client = this.createClient();
    // The statement under way rejects with the error.
    client.on('error', ignore);
    this.#inUse.add(client);
    try {
      await this.#answer(CONNECT_WITHIN, () => client.connect());
      yield* work((statement) => this.#answer(milliseconds, () => client.query(queryConfig(statement))));
    } finally {
      this.#inUse.delete(client);
      // A server that does not answer does not confirm the end either.
      await answerWithin(STATEMENT_TIMEOUT, client.end()).catch(ignore);
    }
  }

  /**
   * Rejects every statement under way, without waiting for the server.
   *
   * @param reason makes the error of each rejection
   */
  async close(reason: () => Error): Promise<void> {
    const { pool, isOwnPool } = this.#source;
    this.#underWay.close(reason);
    for (const client of this.#inUse) client.end().catch(ignore);
    if (isOwnPool) return pool.end();
    pool.off('error', ignore);
    pool.off('connect', ignoreErrorsOf);
  }

  #answer<T>(milliseconds: number, ask: () => Promise<T>): Promise<T> {
    return this.#underWay.wait(() => answerWithin(milliseconds, ask()));
  }

  async #connect(milliseconds: number): Promise<PooledClient> {
    let connecting: Promise<PooledClient> | undefined;
    try {
      const client = await this.#answer(milliseconds, () => {
        connecting = this.#source.pool.connect();
        return connecting;
      });
      // The app's pool may have connected it before this repository listened for `connect`.
      client.on('error', ignore);
      this.#inUse.add(client);
      return client;
    } catch (error) {
      // A connection that arrives too late goes back to the pool.
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

/** Repeats an attempt once, on another connection, if its connection was lost and it may be repeated. */
function retryLostConnection<T>(attempt: () => Promise<T>, mayRepeat: () => boolean = () => true): Promise<T> {
  return attempt().catch((error: unknown) => {
    if (mayRepeat() && isConnectionLost(error)) return attempt();
    throw error;
  });
}

function isConnectionLost(error: unknown): boolean {
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  return (
    ['57P01', '57P02', '08006', 'ECONNRESET', 'EPIPE'].includes(code) || message.startsWith('Connection terminated')
  );
}

function ignoreErrorsOf(client: PostgresClient): void {
  client.on('error', ignore);
}

function ignore(): void {}
