import { kapacitorAuth, type PermissionDefinitions, type User } from 'kapacitor-auth';
import { decimals, type Measure, type Tables } from './measure.js';
import { median } from './process.js';

/** Decisions of a round. */
const ROUND = 200_000;
const DEFINITIONS = 200;

/** Paths of an app, each asked for once, so that none is remembered. */
const PATHS = Array.from({ length: ROUND }, (_, index) => `/kapacitor/v1/area-${index % DEFINITIONS}/orders/${index}`);

export const DECISIONS: Measure = {
  about: "How long a decision takes, with many permissions of the app's own.",
  measure: measureDecisions,
  tables: { decisions: { columns: { microseconds: decimals(1) } } },
};

/** Measures how long a decision takes: of Kapacitor's permissions, of a few of the app's own, and of many. */
async function measureDecisions(rounds: number): Promise<Tables> {
  const few = deciderWith(3);
  const many = deciderWith(DEFINITIONS);
  const cases: Readonly<Record<string, (path: string) => boolean>> = {
    "3 definitions, a user with Kapacitor's `api`": few(['api']),
    '3 definitions, a user with 1 of them': few(['clerk-1']),
    [`${DEFINITIONS} definitions, a user with 3 of them`]: many(['clerk-1', 'clerk-20', 'clerk-199']),
    [`${DEFINITIONS} definitions, a user with all of them`]: many(names(DEFINITIONS)),
    [`${DEFINITIONS} definitions, a user with Kapacitor's \`api\``]: many(['api']),
  };
  const times = new Map(Object.keys(cases).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, decide] of Object.entries(cases)) {
      const from = process.cpuUsage();
      let allowed = 0;
      for (const path of PATHS) allowed += Number(decide(path));
      const { user, system } = process.cpuUsage(from);
      if (allowed === 0) throw new Error(`${name}: nothing was allowed`);
      times.get(name)?.push((user + system) / ROUND);
    }
  }
  return { decisions: [...times].map(([decision, each]) => ({ decision, microseconds: median(each) })) };
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
