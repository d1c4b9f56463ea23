import { setTimeout } from 'node:timers/promises';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';

/** A revision, and when it was first read: milliseconds of a clock that all processes of the machine share. */
export interface Sight {
  readonly revision: string;
  readonly at: number;
}

/** Reads users all the time, and sends each new revision: `propagation-process.ts URL NAME …`. */
const [, , url = '', ...names] = process.argv;
const repository = new PostgresUserRepository(url);
await repository.open();

async function watch(name: string): Promise<void> {
  let seen: string | undefined;
  for (; ; await setTimeout(1)) {
    try {
      const revision = (await repository.find(name))?.revision;
      if (revision === undefined || revision === seen) continue;
      seen = revision;
      process.send?.({ revision, at: Number(process.hrtime.bigint()) / 1e6 } satisfies Sight);
    } catch {
      // The database does not answer.
    }
  }
}

process.on('disconnect', () => process.exit());
process.send?.('ready');
await Promise.all(names.map(watch));
