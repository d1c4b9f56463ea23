/**
 * A script of an operator: run with the store's URL and a user's name, it disables the user, and closes nothing. It says
 * `disabled` when it has nothing more to do.
 */
import { kapacitorAuth } from '../../lib/kapacitor-auth.js';

const [, , store, name] = process.argv as [string, string, string, string];
async function run(): Promise<void> {
  const auth = kapacitorAuth({ auth: { store } });
  await auth.ready;
  await auth.users.update(name, { enabled: false });
  process.stdout.write('disabled');
}

void run();
