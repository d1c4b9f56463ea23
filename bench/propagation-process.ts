import { setTimeout } from 'node:timers/promises';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';

/**
 * A revision, or the digest of a key with ` there` or ` gone`, and when it was first read or missing: milliseconds of a clock
 * that all processes of the machine share.
 */
export interface Sight {
  readonly seen: string;
  readonly at: number;
}

/** Reads users all the time, and sends each new revision. Is sent digests of keys to read: `propagation-process.ts URL NAME …`. */
const [, , url = '', ...names] = process.argv;
const repository = new PostgresUserRepository(url);
await repository.open();

function send(seen: string): void {
  process.send?.({ seen, at: Number(process.hrtime.bigint()) / 1e6 } satisfies Sight);
}

async function watch(name: string): Promise<void> {
  let seen: string | undefined;
  for (; ; await setTimeout(1)) {
    try {
      const revision = (await repository.find(name))?.revision;
      if (revision === undefined || revision === seen) continue;
      seen = revision;
      send(revision);
    } catch {
      // The database does not answer.
    }
  }
}

/** Reads a key until it is gone. */
async function watchKey(digest: string): Promise<void> {
  const find = async () => repository.secrets.find(digest);
  while ((await find()) === undefined) await setTimeout(1);
  send(`${digest} there`);
  while ((await find()) !== undefined) await setTimeout(1);
  send(`${digest} gone`);
}

process.on('message', (digest: string) => void watchKey(digest));
process.on('disconnect', () => process.exit());
process.send?.('ready');
await Promise.all(names.map(watch));
