import { parseArgs } from 'node:util';
import { measureChanges } from './changes.js';
import { measureCredentials } from './credentials.js';
import { measureDecisions } from './decisions.js';
import { measureFlood } from './flood.js';
import { measureImport } from './import.js';
import { measureKeys } from './keys.js';
import { measureLimits } from './limits.js';
import { measureLists } from './lists.js';
import { measureLogins } from './logins.js';
import { measurePropagation } from './propagation.js';
import { measureSlowDisk } from './slow-disk.js';
import { measureThroughput } from './throughput.js';
import { measureUsers } from './users.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, only: { type: 'string' } },
});
const rounds = Number(values.rounds);

const MEASURES: Readonly<Record<string, () => Promise<void>>> = {
  throughput: () => measureThroughput(rounds),
  credentials: () => measureCredentials(rounds),
  flood: () => measureFlood(Math.min(rounds, 3)),
  decisions: () => measureDecisions(rounds),
  changes: () => measureChanges(Math.min(rounds, 3)),
  logins: () => measureLogins(),
  'slow-disk': () => measureSlowDisk(rounds),
  users: () => measureUsers(Math.min(rounds, 3)),
  lists: () => measureLists(Math.min(rounds, 5)),
  keys: () => measureKeys(Math.min(rounds, 3)),
  import: () => measureImport(Math.min(rounds, 3)),
  limits: () => measureLimits(),
  propagation: () => measurePropagation(Math.min(rounds, 3)),
};
const only = values.only?.split(',') ?? Object.keys(MEASURES);
for (const name of only) {
  const measure = MEASURES[name];
  if (measure === undefined) throw new Error(`--only ${name}: there are ${Object.keys(MEASURES).join(', ')}`);
  await measure();
}
