import { suggest } from '../argument-checks.js';
import { textKind } from './kinds.js';
import { defineSetting, type Section, type Setting, variableOf } from './setting.js';
import { SETTINGS } from './settings.js';

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

/** Kapacitor's other keys in these sections. They have nothing to do with users, and are left alone. */
const OTHER_KEYS: Readonly<Record<Section, readonly string[]>> = {
  '': [],
  permissions: [],
  auth: [],
  http: ['log-enabled', 'write-tracing', 'pprof-enabled', 'shutdown-timeout'],
};

/** Kapacitor's connection to a meta server, which is not supported: only the empty values are accepted. */
export const META_SERVER: Setting<string> = {
  ...defineSetting<string>('auth', 'meta-*', {
    kind: textKind,
    default: '',
    defaultText: 'none',
    property: false,
    isSecret: true,
    meaning: 'Must be empty or `false` where there are users: a meta server is not supported.',
  }),
  variables: META_KEYS.map((key) => variableOf('auth', key)),
};

export const NO_META_SERVER = 'a meta server is not supported';

export function isMetaKey(section: Section, key: string): boolean {
  return section === META_SERVER.section && META_KEYS.includes(key);
}

/** The keys that a section of the file may have; for the lines before any section, only those of this package. */
export function keysOf(section: Section): readonly string[] {
  return [...SETTINGS.filter((setting) => setting.section === section).map(({ key }) => key), ...OTHER_KEYS[section]];
}

/** Every environment variable of these sections. */
export function knownVariables(): string[] {
  const others = (['auth', 'http'] as const).flatMap((section) =>
    OTHER_KEYS[section].map((key) => variableOf(section, key)),
  );
  return [...[...SETTINGS, META_SERVER].flatMap(({ variables }) => variables), ...others];
}

/** The setting that a synonym stands for, however it is written: `user-name`, `user_name`, `userName`. */
export function settingCalled(word: string): Setting | undefined {
  const inFile = word.trim().replace(/(?<=[a-z\d])(?=[A-Z])/g, '-');
  const synonym = inFile.toLowerCase().replace(/[_\s]/g, '-');
  return SETTINGS.find(({ synonyms }) => synonyms.includes(synonym));
}

/** The settings that an unknown key may have been meant to be. */
export function settingsMeantBy(key: string): Setting[] {
  const meant = settingCalled(key)?.key ?? suggest(key, [...new Set(SETTINGS.map((setting) => setting.key))]);
  return SETTINGS.filter((setting) => setting.key === meant);
}
