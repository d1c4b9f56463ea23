import { availableParallelism } from 'node:os';
import type { Kind } from './kinds.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The named sections of Kapacitor's config file that this package reads. */
export const SECTIONS: readonly ['http', 'auth'] = ['http', 'auth'];

/** The section with the app's own permissions: each is a table of its own. Code has a property of the same name. */
export const PERMISSIONS_SECTION = 'permissions';

/** `''` stands for the lines before any section. */
export type Section = '' | (typeof SECTIONS)[number] | typeof PERMISSIONS_SECTION;

/** A rule by which other settings make one useless; `rules.ts` has them all. */
export type UselessWhen =
  | 'https-is-off'
  | 'failure-limit-is-0'
  | 'failure-window-is-0'
  | 'store-is-set'
  | 'store-is-local';

/** The facts that a default may depend on. */
export interface DefaultContext {
  /** Whether a config file is named: the defaults are Kapacitor's then. */
  readonly hasFile: boolean;
  readonly environment: Environment;
  /** The resulting value of another setting. */
  readonly chosen: <T>(setting: Setting<T>) => T;
}

/** One setting as the table describes it. `T` is the resolved value; undefined stands for "none". */
export interface SettingEntry<T> {
  readonly kind: Kind<Exclude<T, undefined>>;
  readonly default: T | ((context: DefaultContext) => T);
  /** The description in docs/configuration.md, as Markdown. */
  readonly meaning: string;
  /** For the documentation, where the default depends on the machine or on other settings. */
  readonly defaultText?: string;
  /** In code, where that is not the name in the table: `admin.name`; false where code cannot set it. */
  readonly property?: string | false;
  /** A second environment variable with the same meaning. */
  readonly alias?: string;
  /** Set where a value may hold a password and is never repeated. */
  readonly isSecret?: true;
  /** Set where an empty variable of the environment is a mistake. Elsewhere it counts as absent. */
  readonly refusesEmptyVariable?: boolean;
  /** Set where the value matters even without users. */
  readonly mattersWithoutUsers?: true;
  readonly uselessWhen?: UselessWhen;
  /** Words of other programs, and of Kapacitor's documentation, that people write instead, separated by blanks. */
  readonly synonyms?: string;
}

/** One setting in each of its vocabularies. */
export interface Setting<T = unknown> extends Omit<SettingEntry<T>, 'property' | 'synonyms' | 'alias'> {
  readonly section: Section;
  /** In the file: `bcrypt-cost`. */
  readonly key: string;
  /** In code: `bcryptCost`, or `admin.name` in an object of its own. Undefined: code cannot set it. */
  readonly property: string | undefined;
  /** In the environment. Messages name the first one. */
  readonly variables: readonly string[];
  readonly synonyms: readonly string[];
}

/** The settings of a section, each under the name of its resolved value. */
export type Settings<Values> = { readonly [Name in keyof Values]-?: Setting<Values[Name]> };

/** Makes the settings of a section. Key, variable and property follow from the name: `bcryptCost`. */
export function defineSettings<Values>(
  section: 'http' | 'auth',
  entries: { readonly [Name in keyof Values]-?: SettingEntry<Values[Name]> },
): Settings<Values> {
  const settings = Object.entries<SettingEntry<unknown>>(entries).map(([name, entry]) => {
    const key = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return [name, defineSetting(section, key, { property: name, ...entry })] as const;
  });
  return Object.fromEntries(settings) as Settings<Values>;
}

export function defineSetting<T>(section: Section, key: string, entry: SettingEntry<T>): Setting<T> {
  const { property, synonyms = '', alias, ...rest } = entry;
  return {
    ...rest,
    section,
    key,
    property: property || undefined,
    variables: [variableOf(section, key), ...(alias === undefined ? [] : [alias])],
    synonyms: synonyms.split(' ').filter(Boolean),
  };
}

/** `KAPACITOR_AUTH_BCRYPT_COST`. */
export function variableOf(section: Section, key: string): string {
  return ['KAPACITOR', section, key].filter(Boolean).join('_').replaceAll('-', '_').toUpperCase();
}

export function defaultOf<T>(setting: Setting<T>, context: DefaultContext): T {
  const { default: value } = setting;
  return typeof value === 'function' ? (value as (context: DefaultContext) => T)(context) : value;
}

/** Threads of libuv's pool, which bcrypt, files and DNS look-ups share: https://docs.libuv.org/en/v1.x/threadpool.html */
export function threadPoolSize(environment: Environment): number {
  const text = environment['UV_THREADPOOL_SIZE'];
  if (text === undefined) return 4;
  return Math.min(1_024, Math.max(1, Number.parseInt(text, 10) || 0));
}

/** The largest number of passwords to hash at once: the rest of the app keeps at least one thread, if there are two. */
export function mostHashingThreads(environment: Environment): number {
  return Math.max(1, threadPoolSize(environment) - 1);
}

/** The default leaves the rest of the app a core as well. */
export function defaultHashingThreads(environment: Environment): number {
  return Math.max(1, Math.min(mostHashingThreads(environment), availableParallelism() - 1));
}
