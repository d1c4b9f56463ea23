import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, loadEmbeddedPostgres } from '../../examples/cluster/embedded-postgres.js';

type EmbeddedPostgres = InstanceType<Awaited<ReturnType<typeof loadEmbeddedPostgres>>['default']>;

/** Nothing that is in these databases has to outlive a power failure. */
const FAST = ['fsync=off', 'full_page_writes=off', 'shared_buffers=64MB', 'max_wal_size=2GB'];

/** A PostgreSQL server of one's own, in a folder that is gone when it is removed. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #postgres: EmbeddedPostgres;
  /** The output of the server. */
  readonly #log: string[];
  #isRunning = false;

  private constructor(folder: string, port: number, postgres: EmbeddedPostgres, log: string[]) {
    this.#folder = folder;
    this.port = port;
    this.#postgres = postgres;
    this.#log = log;
  }

  /** @param settings of the server besides, such as `max_connections=10` */
  static async create(settings: readonly string[] = []): Promise<PostgresServer> {
    const { default: EmbeddedPostgres } = await loadEmbeddedPostgres();
    const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-postgres-'));
    const port = await freePort();
    const log: string[] = [];
    const postgres = new EmbeddedPostgres({
      databaseDir: folder,
      user: 'postgres',
      password: 'password',
      port,
      persistent: true,
      // PostgreSQL does not run as root.
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
      postgresFlags: [...FAST, ...settings].flatMap((setting) => ['-c', setting]),
      onLog: (text) => log.push(text),
      onError: (error) => log.push(String(error)),
    });
    const server = new PostgresServer(folder, port, postgres, log);
    await postgres.initialise();
    await server.start();
    return server;
  }

  url(database = 'postgres', port: number = this.port): string {
    return `postgres://postgres:password@127.0.0.1:${port}/${database}`;
  }

  /** Asks on a connection of its own. */
  async query(text: string, values: readonly unknown[] = []): Promise<any[]> {
    const client = new pg.Client(this.url());
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(text, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#postgres.stop();
  }

  /** As if the power failed: the server and all that it has started are gone at once. */
  async kill(): Promise<void> {
    const [pid = ''] = readFileSync(join(this.#folder, 'postmaster.pid'), 'utf8').split('\n');
    const children = `/proc/${pid}/task/${pid}/children`;
    // Elsewhere than on Linux they end by themselves a moment later.
    const pids = existsSync(children) ? readFileSync(children, 'utf8').split(' ').filter(Boolean) : [];
    for (const each of [pid, ...pids]) process.kill(Number(each), 'SIGKILL');
    // Only waits until it is gone.
    await this.stop();
  }

  /** At the same port as ever, unless it is running. */
  async start(): Promise<void> {
    if (this.#isRunning) return;
    this.#log.length = 0;
    await this.#postgres.start().catch(() => {
      throw new Error(`PostgreSQL did not start: ${this.#log.join('')}`);
    });
    this.#isRunning = true;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
