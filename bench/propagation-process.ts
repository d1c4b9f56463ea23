import { setTimeout } from 'node:timers/promises';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';

/**
 * A revision, or the digest of a key with ` there` or ` gone`, and when what was before was asked for last and found:
 * milliseconds of a clock that all processes of the machine share.
 */
export interface Sight {
  readonly seen: string;
  readonly lastBefore: number;
}

/** Reads users all the time, and sends each new revision. Is sent digests of keys to read: `propagation-process.ts URL NAME …`. */
const [, , url = '', ...names] = process.argv;
const repository = new PostgresUserRepository(url);
await repository.open();

const now = () => Number(process.hrtime.bigint()) / 1e6;

function send(seen: string, lastBefore: number): void {
  process.send?.({ seen, lastBefore } satisfies Sight);
}

async function watch(name: string): Promise<void> {
  let seen: string | undefined;
  let lastBefore = 0;
  for (; ; await setTimeout(1)) {
    const askedAt = now();
    try {
      const revision = (await repository.find(name))?.revision;
      if (revision !== undefined && revision !== seen) send(revision, lastBefore);
      seen = revision ?? seen;
      lastBefore = askedAt;
    } catch {
      // The database does not answer.
    }
  }
}

/** Reads a key until it is gone. */
async function watchKey(digest: string): Promise<void> {
  const find = async () => repository.secrets.find(digest);
  let lastBefore = 0;
  while ((await find()) === undefined) await setTimeout(1);
  send(`${digest} there`, lastBefore);
  for (let askedAt = now(); (await find()) !== undefined; askedAt = now()) {
    lastBefore = askedAt;
    await setTimeout(1);
  }
  send(`${digest} gone`, lastBefore);
}

process.on('message', (digest: string) => void watchKey(digest));
process.on('disconnect', () => process.exit());
process.send?.('ready');
await Promise.all(names.map(watch));
