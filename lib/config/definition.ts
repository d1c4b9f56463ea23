import { didYouMean, inWords, isPlainObject, suggest } from '../argument-checks.js';
import { namedPathProblem, resourcesNamed } from '../authorization/named-path.js';
import type { PathReader } from '../authorization/paths.js';
import type { ResolvedPermissions } from '../authorization/permission-definitions.js';
import { isKnownMethod, isPrivilege, PRIVILEGES, type Privilege, privilegeFor } from '../authorization/privileges.js';
import { describeType, describeValue } from '../safe-text.js';
import { isPermission } from '../users/permissions.js';

/** Paths, and the privileges at and below each. */
export type Definition = ResolvedPermissions[string];

/** A fault of a definition. */
export interface DefinitionFault {
  /** The key that it is about. Undefined: the definition as a whole. */
  readonly key?: string;
  readonly text: string;
}

/** For messages. */
export const EXPECTED_DEFINITION = 'paths and their privileges, such as "/orders" and ["read", "write"]';

const EXPECTED = `must be ${inWords(PRIVILEGES.map(describeValue), 'or')}, a list of these, or [] for nothing`;

/** Words of other programs. */
const SYNONYMS: ReadonlyMap<string, Privilege> = new Map([
  ['*', 'all'],
  ['create', 'write'],
  ['edit', 'write'],
  ['remove', 'delete'],
  ['update', 'write'],
  ['view', 'read'],
]);

/** Everything that is wrong with a definition. */
export function definitionFaults(value: unknown, paths: PathReader): DefinitionFault[] {
  if (!isPlainObject(value)) {
    return [{ text: `must be ${EXPECTED_DEFINITION}, not ${describeType(value)}` }];
  }
  const faults = Object.entries(value).flatMap(([key, privileges]) =>
    [pathFault(key, paths), ...privilegesFaults(privileges)]
      .flatMap((text) => text ?? [])
      .map((text) => ({ key, text })),
  );
  return faults.length > 0 ? faults : contradictions(toDefinition(value), paths);
}

/** A frozen copy of a definition without faults: each privilege once, in the order read, write, delete, all. */
export function toDefinition(value: Readonly<Record<string, unknown>>): Definition {
  const entries = Object.entries(value).map(([path, given]) => {
    const listed: readonly unknown[] = Array.isArray(given) ? given : [given];
    return [path, Object.freeze(PRIVILEGES.filter((privilege) => listed.includes(privilege)))] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}

function pathFault(key: string, paths: PathReader): string | undefined {
  const [, method, path] = /^\s*([a-z]+)\s+(\/.*)$/is.exec(key) ?? [];
  if (method === undefined || path === undefined) return namedPathProblem(key, paths);
  return `a path has no method, because a privilege stands for methods${standsFor(method)}${didYouMean(describeValue(path))}`;
}

/** ` (read for GET)`. */
function standsFor(word: string): string {
  const method = word.toUpperCase();
  return isKnownMethod(method) ? ` (${privilegeFor(method)} for ${method})` : '';
}

function privilegesFaults(given: unknown): string[] {
  if (typeof given === 'string') return given === '' ? [`${EXPECTED}, not ""`] : wordFaults(given);
  if (!Array.isArray(given)) return [`${EXPECTED}, not ${describeValue(given)}`];
  // A list with holes has entries all the same.
  return Array.from(given as readonly unknown[]).flatMap((each) =>
    typeof each === 'string' ? wordFaults(each) : [`a privilege must be a text in quotes, not ${describeValue(each)}`],
  );
}

function wordFaults(word: string): string[] {
  if (isPrivilege(word)) return [];
  const several = word.split(/[\s,;|+]+/).filter(Boolean);
  if (several.length > 1 && several.every(isPrivilege)) {
    return [`${describeValue(word)} is one text: write  [${several.map(describeValue).join(', ')}]`];
  }
  if (isKnownMethod(word.toUpperCase())) {
    return [
      `${describeValue(word)} is a method: write the privilege that it needs, ${describeValue(privilegeFor(word.toUpperCase()))}`,
    ];
  }
  if (isPermission(word)) {
    const instead = word === 'none' ? ': write [] for nothing' : `: the privileges are ${inWords(PRIVILEGES)}`;
    return [`${describeValue(word)} is a permission, and not a privilege${instead}`];
  }
  // Every word is near to an empty text.
  const meant = SYNONYMS.get(word.toLowerCase()) ?? (word === '' ? undefined : suggest(word, PRIVILEGES));
  return [
    `the privilege ${describeValue(word)} is not known${didYouMean(meant) || `: there are ${inWords(PRIVILEGES)}`}`,
  ];
}

/** Keys of one resource must agree: which one counts would depend on their order. */
function contradictions(definition: Definition, paths: PathReader): DefinitionFault[] {
  const owners = new Map<string, string>();
  return Object.entries(definition).flatMap(([key, privileges]) => {
    const resources = resourcesNamed(key, paths);
    const others = resources.map((resource) => owners.get(resource)).filter((other) => other !== undefined);
    const other = others.find((each) => String(definition[each]) !== String(privileges));
    for (const resource of resources) owners.set(resource, key);
    const text = `this is the same resource as ${describeValue(other)}, with other privileges: keep one of the two`;
    return other === undefined ? [] : [{ key, text }];
  });
}
