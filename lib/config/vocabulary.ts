import { suggest } from '../argument-checks.js';
import { text } from './kinds.js';
import { SETTINGS, type Section, type Setting } from './settings.js';
import { settingCalled } from './synonyms.js';

const META_KEYS: readonly string[] = [
  'meta-addr',
  'meta-username',
  'meta-password',
  'meta-internal-shared-secret',
  'meta-use-tls',
  'meta-ca',
  'meta-cert',
  'meta-key',
  'meta-insecure-skip-verify',
];

/** What Kapacitor has in these sections besides: nothing to do with who may get in, and left alone. */
const OTHER_KEYS: Readonly<Record<Section, readonly string[]>> = {
  '': [],
  auth: [],
  http: ['log-enabled', 'write-tracing', 'pprof-enabled', 'shutdown-timeout'],
};

/** Kapacitor's connection to a meta server, which is not supported: only the empty values are taken. */
export const META_SERVER: Setting<string> = {
  section: 'auth',
  key: 'meta-*',
  variables: META_KEYS.map((key) => variableOf('auth', key)),
  kind: text,
  isSecret: true,
};

/** What is wrong with a configuration that names one. */
export const NO_META_SERVER = 'a meta server is not supported';

export function isMetaKey(section: Section, key: string): boolean {
  return section === META_SERVER.section && META_KEYS.includes(key);
}

/** What may stand in a section of the file; of `''`, only what is ours. */
export function keysOf(section: Section): readonly string[] {
  return [...SETTINGS.filter((setting) => setting.section === section).map(({ key }) => key), ...OTHER_KEYS[section]];
}

/** The settings that words of a config file are the keys of, or near to. */
export function settingsMeantBy(words: Iterable<string>): Setting[] {
  const keys = SETTINGS.map(({ key }) => key);
  const meant = new Set([...new Set(words)].map((word) => settingCalled(word)?.key ?? suggest(word, keys)));
  return SETTINGS.filter(({ key }) => meant.has(key));
}

/** What code may say in a section; with a group, in that object of it: `name` and the like in `admin`. */
export function propertiesOf(section: Section, group?: string): readonly string[] {
  const paths = SETTINGS.flatMap(({ section: home, property }) => (home === section && property ? [property] : []));
  if (group === undefined) return [...new Set(paths.map((path) => path.replace(/\..*/, '')))];
  return paths.filter((path) => path.startsWith(`${group}.`)).map((path) => path.slice(group.length + 1));
}

/** Every environment variable of these sections. */
export function knownVariables(): string[] {
  const others = (['auth', 'http'] as const).flatMap((section) =>
    OTHER_KEYS[section].map((key) => variableOf(section, key)),
  );
  return [...[...SETTINGS, META_SERVER].flatMap(({ variables }) => variables), ...others];
}

function variableOf(section: Section, key: string): string {
  return `KAPACITOR_${section}_${key.replaceAll('-', '_')}`.toUpperCase();
}
