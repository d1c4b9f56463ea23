import { didYouMean } from '../argument-checks.js';
import { formatDuration, LONGEST, parseDuration } from '../duration.js';
import { isSqliteAddress, meantStore, SQLITE_EXAMPLE, sqliteAddress, sqliteFile } from '../stores/address.js';
import { isPostgresUrl } from '../stores/postgres/url.js';
import { opaqueString, passwordProblem } from '../users/password.js';
import type { RefusedPasswords } from '../users/password-policy.js';
import type { UserRepository } from '../users/repository.js';
import { isUserName } from '../users/user-name.js';
import { absolutePath } from './text-file.js';

/** A kind of value, and how each source writes it. Readers give undefined for a value of another kind. */
export interface Kind<T> {
  /** For messages: `true or false`. */
  readonly expected: string;
  /** For messages, in the config file's notation: `true`. */
  readonly example: string;
  /** For the documentation: `an integer from 4 to 20`. */
  readonly range?: string;
  /** Reads a value of the config file. */
  fromValue(value: unknown): T | undefined;
  /** Reads a value of code, where that allows more than the file. */
  fromCode?(value: unknown): T | undefined;
  /** Reads an environment variable. */
  fromText(text: string): T | undefined;
  /** The fault of a value of another kind. Undefined if `expected` says enough. */
  faultOf?(value: unknown): string | undefined;
  /** Makes relative paths in a value absolute. */
  locate?(value: T, folder: string): T;
  /** The config file's notation of a value. */
  toToml(value: T): string;
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** In the environment: every text that Go's `strconv.ParseBool` takes. */
export const booleanKind: Kind<boolean> = {
  expected: 'true or false',
  example: 'true',
  fromValue: (value) => (typeof value === 'boolean' ? value : undefined),
  fromText: (text) => (TRUE.has(text) ? true : FALSE.has(text) ? false : undefined),
  toToml: String,
};

/** Milliseconds, written as in Go: `1h30m`. Code may give a number of milliseconds as well. */
export const durationKind: Kind<number> = {
  expected: 'a duration such as "10m", "1h30m", "500ms" or "0"',
  example: '"10m"',
  range: 'a duration',
  // A number without a unit could mean seconds as well, except for 0.
  fromValue: (value) => (typeof value === 'string' ? parseDuration(value) : value === 0 ? 0 : undefined),
  fromCode: (value) =>
    typeof value === 'number' && value >= 0 && value <= LONGEST ? value : durationKind.fromValue(value),
  fromText: parseDuration,
  toToml: (value) => inQuotes(formatDuration(value)),
};

export function integerKind(min: number, max: number): Kind<number> {
  const inRange = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : undefined;
  return {
    expected: `an integer from ${min} to ${max}`,
    example: String(min),
    range: `an integer from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}`,
    fromValue: inRange,
    fromText: (text) => (/^\d+$/.test(text) ? inRange(Number(text)) : undefined),
    toToml: String,
  };
}

/** A kind that every source writes as a text. */
export function textual<T>(expected: string, example: string, fromText: (text: string) => T | undefined): Kind<T> {
  return {
    expected,
    example,
    fromValue: (value) => (typeof value === 'string' ? fromText(value) : undefined),
    fromText,
    toToml: (value) => inQuotes(String(value)),
  };
}

/** A text in the config file's notation: TOML escapes what JSON does, and DEL. */
export function inQuotes(value: string): string {
  return JSON.stringify(value).replaceAll('\x7f', '\\u007f');
}

/** `["read", "write"]`: a list of texts in the config file's notation. */
export function listInToml(texts: readonly string[]): string {
  return `[${texts.map(inQuotes).join(', ')}]`;
}

export const textKind: Kind<string> = textual('a text in quotes', '"…"', (value) => value);

export const folderKind: Kind<string> = path('the path of a folder, in quotes', '"/var/lib/kapacitor"');

export const fileKind: Kind<string> = path('the path of a file, in quotes', '"/etc/kapacitor/…"');

function path(expected: string, example: string): Kind<string> {
  return { ...textual(expected, example, (value) => value || undefined), locate: absolutePath };
}

export const userNameKind: Kind<string> = textual(
  "a user's name: letters, numbers, -, ., @ and _, in quotes, at most 256 bytes, not . or ..",
  '"admin"',
  (value) => (isUserName(value) ? value : undefined),
);

/** A password that a user can have. It is kept as given. */
export const passwordKind: Kind<string> = textual(
  'a password, in quotes: 1 to 72 bytes of well-formed Unicode, without control characters',
  '"…"',
  (value) => (passwordProblem(opaqueString(value)) === undefined ? value : undefined),
);

export const refusedPasswordsKind: Kind<RefusedPasswords> = {
  ...textual<RefusedPasswords>(
    'the path of a file with a password on each line or, in code, a Set of passwords or a function that refuses them',
    '"refused.txt"',
    (value) => value || undefined,
  ),
  locate: (value, folder) => (typeof value === 'string' ? absolutePath(value, folder) : value),
  fromCode: (value) => {
    if (typeof value === 'function') return value as RefusedPasswords;
    if (!(value instanceof Set)) return refusedPasswordsKind.fromValue(value);
    return [...value].every((each) => typeof each === 'string') ? value : undefined;
  },
};

const REPOSITORY_METHODS = ['find', 'list', 'insert', 'replace', 'remove'] as const;

const STORES =
  '"sqlite:FILE", "memory:", "postgres://USER:PASSWORD@HOST/DATABASE" or, in code, a repository: ' +
  `an object with the methods ${REPOSITORY_METHODS.join(', ')}`;

export const storeKind: Kind<string | UserRepository> = {
  ...textual(STORES, JSON.stringify(SQLITE_EXAMPLE), (value) =>
    value === 'memory:' || isSqliteAddress(value) || isPostgresUrl(value) ? value : undefined,
  ),
  locate: (value, folder) => {
    const file = typeof value === 'string' ? sqliteFile(value) : undefined;
    return file === undefined ? value : sqliteAddress(absolutePath(file, folder));
  },
  faultOf: (value) => {
    const meant = typeof value === 'string' ? meantStore(value) : undefined;
    return meant === undefined ? undefined : `must be ${STORES}${didYouMean(JSON.stringify(meant))}`;
  },
  fromCode: (value) => {
    if (typeof value === 'string') return storeKind.fromText(value);
    const methods = value as Partial<Record<string, unknown>> | null;
    const isRepository = REPOSITORY_METHODS.every((method) => typeof methods?.[method] === 'function');
    return isRepository ? (value as UserRepository) : undefined;
  },
};
