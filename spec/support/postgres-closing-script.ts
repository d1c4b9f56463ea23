/**
 * A script that closes while much is under way: run with the store's URL, it says how what it had begun has ended, when
 * all of it has.
 */
import { kapacitorAuth } from '../../lib/kapacitor-auth.js';

const [, , store] = process.argv as [string, string, string];
async function run(): Promise<void> {
  const auth = kapacitorAuth({ auth: { store, bcryptCost: 4, minimumPasswordLength: 0, hashingQueue: 1_000 } });
  await auth.ready;
  const creations = Array.from({ length: 60 }, (_, index) =>
    auth.users.create({ name: `user${index}`, password: 'pw' }),
  );
  // Some are done, some wait for a connection, and some for bcrypt.
  await Promise.any(creations);
  const outcomes = Promise.allSettled(creations);
  await auth.close();
  const said = (await outcomes).map((outcome) => (outcome.status === 'fulfilled' ? 'created' : outcome.reason.message));
  process.stdout.write([...new Set(said)].toSorted().join(', '));
}

void run();
