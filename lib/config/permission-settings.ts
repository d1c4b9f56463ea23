import { didYouMean, inWords } from '../argument-checks.js';
import { resourcesNamed } from '../authorization/named-path.js';
import { isWithin, type PathReader, USERS } from '../authorization/paths.js';
import type { ResolvedPermissions } from '../authorization/permission-definitions.js';
import { quoteText } from '../safe-text.js';
import { isPermission, isPermissionName, PERMISSION_NAME_RULE } from '../users/permissions.js';
import { type Definition, definitionFaults, EXPECTED_DEFINITION, toDefinition } from './definition.js';
import { inQuotes, type Kind, listInToml } from './kinds.js';
import type { Choice, Layer } from './layers.js';
import { defineSetting, PERMISSIONS_SECTION, type Setting } from './setting.js';

/** A setting that has the name of a permission. Undefined: no source has a valid definition. */
type PermissionSetting = Setting<Definition | undefined>;

/**
 * Checks the definitions of all layers. There is one setting for each name, so that a definition replaces one of the same name
 * in a weaker layer as a whole.
 */
export function readDefinitions(layers: readonly Layer[], paths: PathReader): PermissionSetting[] {
  const names = new Set(layers.flatMap(({ definitions }) => [...definitions.keys()]));
  return [...names].map((name) => {
    const setting = permissionSetting(name, paths);
    for (const layer of layers) readDefinition(layer, setting, paths);
    return setting;
  });
}

function readDefinition(layer: Layer, setting: PermissionSetting, paths: PathReader): void {
  const given = layer.definitions.get(setting.key);
  if (given === undefined) return;
  const { value, place, subjectOf } = given;
  const nameProblem = permissionNameProblem(setting.key);
  if (nameProblem !== undefined) layer.refuse(setting, `${place.subject}: ${nameProblem}`);
  const definition = setting.kind.fromValue(value);
  if (definition !== undefined) layer.set(setting, definition, place);
  // A path in the place of a name has privileges, and not a definition.
  if (definition !== undefined || setting.key.startsWith('/')) return;
  for (const { key, text } of definitionFaults(value, paths)) {
    layer.refuse(setting, `${key === undefined ? place.subject : subjectOf(key)}: ${text}`);
  }
}

/** The definitions in force, without a prototype: `constructor` is a name like others. */
export function chooseDefinitions(settings: readonly PermissionSetting[], choice: Choice): ResolvedPermissions {
  const chosen: Record<string, Definition> = Object.create(null);
  for (const setting of settings) {
    const definition = choice.choose(setting);
    if (definition !== undefined) chosen[setting.key] = definition;
  }
  return Object.freeze(chosen);
}

/** Warnings about privileges that have no effect. */
export function definitionWarnings(
  settings: readonly PermissionSetting[],
  choice: Choice,
  paths: PathReader,
): string[] {
  return settings.flatMap((setting) =>
    Object.entries(choice.choose(setting) ?? {}).flatMap(([path, listed]) => {
      const isOfUsers = resourcesNamed(path, paths).some((resource) => isWithin(resource, USERS));
      const useless = isOfUsers ? listed.filter((privilege) => privilege !== 'read') : [];
      if (useless.length === 0) return [];
      const place = `${choice.placeOf(setting)?.subject}: ${inWords(useless)} on ${quoteText(path)}`;
      return [`${place}: only an admin manages users, so this permission only reads them`];
    }),
  );
}

function permissionSetting(name: string, paths: PathReader): PermissionSetting {
  const kind: Kind<Definition> = {
    expected: EXPECTED_DEFINITION,
    example: '{ "/orders" = ["read", "write"] }',
    fromValue: (value) => (definitionFaults(value, paths).length === 0 ? toDefinition(value as Definition) : undefined),
    // No variable sets it.
    fromText: () => undefined,
    toToml: (definition) => {
      const entries = Object.entries(definition).map(([path, listed]) => `${inQuotes(path)} = ${listInToml(listed)}`);
      return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
    },
  };
  const meaning = "A permission of the app's own.";
  return defineSetting<Definition | undefined>(PERMISSIONS_SECTION, name, { kind, default: undefined, meaning });
}

/** The problem of a name, and what to write instead. */
function permissionNameProblem(name: string): string | undefined {
  if (isPermission(name)) return "this permission is Kapacitor's, and cannot be defined: choose another name";
  return isPermissionName(name) ? undefined : nameFault(name);
}

function nameFault(name: string): string {
  if (name.startsWith('/')) {
    return (
      'a path belongs to a permission, which has a name: in the file below  [permissions.clerk] , ' +
      'in code in  permissions: { clerk: { … } }'
    );
  }
  return `the name of a permission has ${PERMISSION_NAME_RULE}${didYouMean(nearestName(name))}`;
}

/** `order-clerk` for `Order Clerk` and `orderClerk`. */
function nearestName(name: string): string | undefined {
  const nearest = name
    .replace(/(?<=[a-z\d])(?=[A-Z])/g, '-')
    .toLowerCase()
    .replace(/[^a-z\d_-]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  return isPermissionName(nearest) && !isPermission(nearest) ? nearest : undefined;
}
