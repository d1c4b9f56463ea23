import type { Privilege } from 'kapacitor-auth';
import { expect, it } from 'vitest';
import { policyWith } from '../support/policy.js';
import { user } from '../support/user.js';

const PRIVILEGES: readonly Privilege[] = ['read', 'write', 'delete', 'all'];

type Tree = Readonly<Record<string, readonly Privilege[]>>;

/** Kapacitor's permissions: see "Permission to privileges on resources" in its description. */
const KAPACITOR: Readonly<Record<string, Tree>> = {
  none: {},
  api: { '/': ['all'], '/write': [], '/config': [] },
  config_api: { '/ping': ['all'], '/config': ['all'] },
  write_points: { '/ping': ['all'], '/write': ['all'] },
  all: { '/': ['all'], '/config': ['all'], '/write': ['all'] },
};

/** The map of a user as Kapacitor keeps it: privileges on one resource add up. */
function unionOf(trees: readonly Tree[]): ReadonlyMap<string, readonly Privilege[]> {
  const union = new Map<string, readonly Privilege[]>();
  for (const [path, privileges] of trees.flatMap((tree) => Object.entries(tree))) {
    union.set(path, [...(union.get(path) ?? []), ...privileges]);
  }
  return union;
}

/** Kapacitor's AuthorizeAction: the nearest ancestor with an entry decides, the resource itself included. */
function authorizeAction(union: ReadonlyMap<string, readonly Privilege[]>, path: string, needed: Privilege): boolean {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf('/')) || '/') {
    const held = union.get(at);
    if (held !== undefined) return held.includes(needed) || held.includes('all');
    if (at === '/') return false;
  }
}

/** The same numbers from 0 to 1 in every run: https://en.wikipedia.org/wiki/Linear_congruential_generator */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

it('decides as Kapacitor does, for random trees, users and paths', () => {
  const random = numbersFrom(14);
  const below = (limit: number) => Math.floor(random() * limit);
  const some = <Item>(items: readonly Item[], most: number): Item[] => {
    const chosen = Array.from({ length: below(most + 1) }, () => items[below(items.length)] as Item);
    return [...new Set(chosen)];
  };
  // Not `ping`: there, `all` has an entry of its own, so that it is the same as the other three permissions together.
  const segments = ['a', 'b', 'c', 'config', 'write', 'orders'];
  const randomPath = () => `/${Array.from({ length: below(5) }, () => segments[below(segments.length)]).join('/')}`;
  const randomTree = (): Tree =>
    Object.fromEntries(Array.from({ length: below(4) }, () => [randomPath(), some(PRIVILEGES, 3)]));
  const differences: string[] = [];
  let allowed = 0;
  for (let run = 0; run < 1_000; run += 1) {
    const own: Record<string, Tree> = { one: randomTree(), two: randomTree(), three: randomTree() };
    const policy = policyWith(own);
    const trees: Readonly<Record<string, Tree>> = { ...KAPACITOR, ...own };
    for (let who = 0; who < 10; who += 1) {
      const permissions = some(Object.keys(trees), 4);
      const union = unionOf(permissions.map((name) => trees[name] as Tree));
      for (let asked = 0; asked < 10; asked += 1) {
        const path = randomPath();
        const privilege = PRIVILEGES[below(PRIVILEGES.length)] as Privilege;
        const resource = path === '/' ? '/api' : `/api${path}`;
        const expected = authorizeAction(union, path, privilege);
        allowed += Number(expected);
        if (policy.hasPrivilege(user('x', permissions), privilege, resource) === expected) continue;
        differences.push(`${permissions} ${privilege} ${path} ${JSON.stringify(own)}`);
      }
    }
  }
  expect(differences).toEqual([]);
  // A good part of the 100,000 is decided each way.
  expect(allowed).toBeGreaterThan(20_000);
  expect(allowed).toBeLessThan(80_000);
});
