import { kapacitorAuth, type PermissionDefinitions, type User } from 'kapacitor-auth';
import { median } from './process.js';

const DECISIONS = 200_000;
const DEFINITIONS = 200;

/** Paths of an app, each asked for once, so that none is remembered. */
const PATHS = Array.from(
  { length: DECISIONS },
  (_, index) => `/kapacitor/v1/area-${index % DEFINITIONS}/orders/${index}`,
);

/** Measures how long a decision takes: of Kapacitor's permissions, of a few of the app's own, and of many. */
export async function measureDecisions(rounds: number): Promise<void> {
  const few = deciderWith(3);
  const many = deciderWith(DEFINITIONS);
  const cases: Readonly<Record<string, (path: string) => boolean>> = {
    "Kapacitor's `api`": few(['api']),
    '3 definitions, a user with 1': few(['clerk-1']),
    [`${DEFINITIONS} definitions, a user with 3`]: many(['clerk-1', 'clerk-20', 'clerk-199']),
    [`${DEFINITIONS} definitions, a user with all of them`]: many(names(DEFINITIONS)),
    "Kapacitor's `api` beside them": many(['api']),
  };
  const times = new Map(Object.keys(cases).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, decide] of Object.entries(cases)) {
      const from = process.cpuUsage();
      let allowed = 0;
      for (const path of PATHS) allowed += Number(decide(path));
      const { user, system } = process.cpuUsage(from);
      if (allowed === 0) throw new Error(`${name}: nothing was allowed`);
      times.get(name)?.push((user + system) / DECISIONS);
    }
  }
  console.log(
    `\n\`auth.can\`, microseconds of a core for a decision, medians of ${rounds} rounds of ${DECISIONS} paths`,
  );
  console.table(
    Object.fromEntries([...times].map(([name, each]) => [name, { microseconds: median(each).toFixed(2) }])),
  );
}

/** Makes users of an app with so many permissions of its own, and asks about them. */
function deciderWith(count: number): (permissions: readonly string[]) => (path: string) => boolean {
  const permissions: PermissionDefinitions = Object.fromEntries(
    names(count).map((name, index) => [
      name,
      { [`/area-${index}`]: ['read'], [`/area-${index}/orders`]: ['read', 'write'], [`/area-${index}/secrets`]: [] },
    ]),
  );
  const auth = kapacitorAuth({ permissions, auth: { store: 'memory:' } });
  return (held) => {
    const user: User = Object.freeze({ name: 'kim', type: 'normal', permissions: Object.freeze(held), enabled: true });
    return (path) => auth.can(user, 'GET', path);
  };
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `clerk-${index}`);
}
