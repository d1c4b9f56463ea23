import type { PostgresPool } from 'kapacitor-auth/postgres';
import type pg from 'pg';

/** The same pool, where the connections beside it are made in a way of their own, and its own ones perhaps as well. */
export function poolWith(
  pool: pg.Pool,
  Client: new (options: pg.ClientConfig) => pg.Client,
  connect: PostgresPool['connect'] = () => pool.connect(),
): PostgresPool {
  const other: PostgresPool & { Client: unknown } = {
    connect,
    end: () => pool.end(),
    on: (event, listener) => pool.on(event, listener),
    off: (event, listener) => pool.off(event, listener),
    options: pool.options,
    Client,
  };
  return other;
}
