import { didYouMean, isPlainObject, suggest } from '../argument-checks.js';
import { ConfigError } from '../errors.js';
import { describeType, quoteText } from '../safe-text.js';
import { HTTP } from './http-settings.js';
import { booleanKind } from './kinds.js';
import { Layer, mustBe } from './layers.js';
import { type Environment, PERMISSIONS_SECTION, SECTIONS, type Setting } from './setting.js';
import { SETTINGS } from './settings.js';
import { knownVariables, META_SERVER, NO_META_SERVER, settingCalled } from './vocabulary.js';

type NamedSection = (typeof SECTIONS)[number];

const EXPECTED = 'the configuration must be an object such as { http: { … }, auth: { … } }';
const EXPECTED_PERMISSIONS = "permissions must be an object such as { clerk: { '/orders': ['read', 'write'] } }";

/** Reads the configuration in code: `{ http: { authEnabled: true }, auth: { … } }`. The object is not kept. */
export function readCode(config: unknown): Layer {
  const layer = new Layer(process.cwd());
  for (const [name, options] of entriesOf(config, EXPECTED, layer, SETTINGS)) {
    const section = SECTIONS.find((known) => known === name);
    if (section !== undefined) readProperties(layer, section, undefined, options);
    else if (name === PERMISSIONS_SECTION) readPermissions(layer, options);
    else {
      const meant = suggest(name, [...SECTIONS, PERMISSIONS_SECTION]) ?? suggestProperty(name);
      layer.complain(`${name} is not known${didYouMean(meant)}`, SETTINGS);
    }
  }
  return layer;
}

function readPermissions(layer: Layer, permissions: unknown): void {
  for (const [name, value] of entriesOf(permissions, EXPECTED_PERMISSIONS, layer, [])) {
    const subject = `${PERMISSIONS_SECTION}${memberOf(name)}`;
    layer.definitions.set(name, {
      value,
      place: { from: 'code', subject },
      subjectOf: (key) => `${subject}${memberOf(key)}`,
    });
  }
}

/** `.clerk`, or `["/orders"]`. */
function memberOf(name: string): string {
  return /^[a-z_$][\w$]*$/i.test(name) ? `.${name}` : `[${quoteText(name)}]`;
}

/**
 * Reads the value that code sets `auth.allowedHosts` to while the app runs.
 *
 * @throws {ConfigError} the value is not a list of hosts; the message says what to write
 */
export function readAllowedHosts(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const hosts = HTTP.allowedHosts.kind.fromValue(value);
  if (hosts === undefined) throw new ConfigError(`allowedHosts: ${mustBe(HTTP.allowedHosts, value)}`);
  return hosts;
}

/** @param group the object in the section that the properties are in: `admin` */
function readProperties(layer: Layer, section: NamedSection, group: string | undefined, options: unknown): void {
  const home = group === undefined ? section : `${section}.${group}`;
  const possible = SETTINGS.filter((setting) => setting.section === section);
  const properties = propertiesOf(section, group);
  for (const [name, value] of entriesOf(options, `${home} must be an object`, layer, possible)) {
    const subject = `${home}.${name}`;
    const setting = possible.find(({ property }) => property === (group === undefined ? name : `${group}.${name}`));
    if (!properties.includes(name)) {
      const hint = didYouMean(suggestProperty(name, section, group)) || `: ${home} has ${properties.join(', ')}`;
      layer.complain(`${subject} is not known${hint}`, possible);
    } else if (setting === undefined) {
      readProperties(layer, section, name, value);
    } else {
      const { kind } = setting;
      const valid = kind.fromCode === undefined ? kind.fromValue(value) : kind.fromCode(value);
      if (valid === undefined) layer.refuse(setting, `${subject}: ${mustBe(setting, value)}`);
      else layer.set(setting, valid, { from: 'code', subject });
    }
  }
}

/** The object's own properties. An undefined one counts as absent. */
function entriesOf(value: unknown, expected: string, layer: Layer, doubtful: readonly Setting[]): [string, unknown][] {
  if (value === undefined) return [];
  if (isPlainObject(value)) return Object.entries(value).filter(([, each]) => each !== undefined);
  layer.complain(`${expected}, not ${describeType(value)}`, doubtful);
  return [];
}

/** The properties that a section may have in code, or a group in it: `name` and the like in `admin`. */
function propertiesOf(section: NamedSection, group?: string): readonly string[] {
  const paths = SETTINGS.flatMap(({ section: home, property }) => (home === section && property ? [property] : []));
  if (group === undefined) return [...new Set(paths.map((path) => path.replace(/\..*/, '')))];
  return paths.filter((path) => path.startsWith(`${group}.`)).map((path) => path.slice(group.length + 1));
}

/** `http.authEnabled` for `authEnable`. If two are equally near, it suggests the one of this section. */
function suggestProperty(name: string, section: NamedSection = 'http', group?: string): string | undefined {
  const homes = [section, ...(group === undefined ? SECTIONS.filter((other) => other !== section) : [])];
  const properties = homes.flatMap((home) => propertiesOf(home, group));
  const called = properties.includes(name) ? undefined : settingCalled(name);
  if (group === undefined && suggest(name, [PERMISSIONS_SECTION]) !== undefined) return PERMISSIONS_SECTION;
  if (called?.property?.startsWith(group === undefined ? '' : `${group}.`))
    return `${called.section}.${called.property}`;
  const meant = suggest(name, properties);
  const home = homes.find((each) => meant !== undefined && propertiesOf(each, group).includes(meant));
  return home && [home, group, meant].filter(Boolean).join('.');
}

/**
 * Reads `KAPACITOR_AUTH_BCRYPT_COST` and the like. An empty variable counts as absent, as in Kapacitor, except for a secret
 * that could be meant to be empty.
 */
export function readEnvironment(environment: Environment): Layer {
  const layer = new Layer(process.cwd());
  for (const setting of SETTINGS) {
    const set = setting.variables.filter((variable) => isSet(environment[variable], setting));
    const [variable] = set;
    if (variable === undefined) continue;
    if (new Set(set.map((each) => environment[each])).size > 1) {
      layer.refuse(setting, `${set.join(' and ')} are both set, to different values: unset one`);
    }
    const value = setting.kind.fromText(environment[variable] as string);
    if (value === undefined) layer.refuse(setting, `${variable}: ${mustBe(setting, environment[variable])}`);
    else layer.set(setting, value, { from: variable, subject: variable });
  }
  refuseMetaServer(layer, environment);
  return layer;
}

function isSet(text: string | undefined, { refusesEmptyVariable = false }: Setting): boolean {
  return Boolean(text) || (text === '' && refusesEmptyVariable);
}

function refuseMetaServer(layer: Layer, environment: Environment): void {
  const set = META_SERVER.variables.filter((variable) => {
    const value = environment[variable];
    return value && booleanKind.fromText(value) !== false;
  });
  if (set.length === 0) return;
  const them = set.length === 1 ? 'it' : 'them';
  layer.refuse(META_SERVER, `${set.join(', ')}: ${NO_META_SERVER}: unset ${them}, and keep the users in [auth] store`);
}

/**
 * Warnings about variables that look like a misspelt setting. They are not problems, because the environment belongs to other
 * programs as well, and Kubernetes adds names of its own.
 */
export function misspeltVariables(environment: Environment): string[] {
  const known = knownVariables();
  const unknown = Object.keys(environment).filter((variable) => !known.includes(variable));
  const permissions = unknown.filter(isForPermissions);
  const inEnvironment = permissions.map(
    (variable) =>
      `the environment variable ${variable} has no effect: permissions are defined in the config file, ` +
      'below [permissions.NAME], or in code',
  );
  const misspelt = unknown
    .filter((variable) => !permissions.includes(variable))
    .map((variable) => ({ variable, meant: suggestVariable(variable, known) }))
    .filter(({ meant }) => meant !== undefined)
    .map(({ variable, meant }) => `the environment variable ${variable} is not known${didYouMean(meant)}`);
  return [...misspelt, ...inEnvironment];
}

/** `KAPACITOR_PERMISSIONS_CLERK`, or in a section: `KAPACITOR_AUTH_PERMISSIONS`. */
function isForPermissions(variable: string): boolean {
  const [, rest] = /^KAPACITOR_(?:AUTH_|HTTP_)?PERMISSIONS?(?:_(.*))?$/.exec(variable) ?? [variable, 'HOST'];
  return rest === undefined || !KUBERNETES.test(rest);
}

/** Names that Kubernetes makes of a service's: https://kubernetes.io/docs/concepts/services-networking/service/ */
const KUBERNETES = /^(?:SERVICE_)?(?:HOST|PORT)(?:_|$)/;

/** Compares section and name separately: as a whole, `KAPACITOR_SMTP_ENABLED` is near to `KAPACITOR_AUTH_ENABLED`. */
function suggestVariable(variable: string, known: readonly string[]): string | undefined {
  const [, section, name] = /^KAPACITOR_([^_]+)_(.+)$/.exec(variable) ?? [];
  if (!section || !name || suggest(section, SECTIONS) === undefined || KUBERNETES.test(name)) return undefined;
  const called = settingCalled(name);
  if (called !== undefined) return called.variables[0];
  const names = known.map((each) => each.replace(/^KAPACITOR_(?:AUTH|HTTP)_/, ''));
  const meant = suggest(name, names);
  return meant && known[names.indexOf(meant)];
}
