import { didYouMean } from '../argument-checks.js';
import { allowedHostProblem } from '../request/allowed-hosts.js';
import { describeValue } from '../safe-text.js';
import { isSqliteAddress, meantStore, SQLITE_EXAMPLE } from '../stores/address.js';
import { isPostgresUrl } from '../stores/postgres/url.js';
import { opaqueString, passwordProblem } from '../users/password.js';
import type { RefusedPasswords } from '../users/password-policy.js';
import type { UserRepository } from '../users/repository.js';
import { isUserName } from '../users/user-name.js';
import { formatDuration, LONGEST, parseDuration } from './duration.js';

/** What a setting may be, and how each source writes it. */
export interface Kind<T> {
  /** For messages: `true or false`. */
  readonly expected: string;
  /** How the config file writes one, for messages: `true`. */
  readonly example: string;
  /** Reads a value of the config file. Undefined: it is none. */
  fromValue(value: unknown): T | undefined;
  /** Reads a value of code, where that may be more than the file's. Undefined: it is none. */
  fromCode?(value: unknown): T | undefined;
  /** What is wrong with a value that is none, if more can be said than what is expected. */
  faultOf?(value: unknown): string | undefined;
  /** Reads an environment variable. Undefined: it is none. */
  fromText(text: string): T | undefined;
  /** As the config file writes it. */
  toToml(value: T): string;
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** In the environment, whatever Go's `strconv.ParseBool` takes. */
export const boolean: Kind<boolean> = {
  expected: 'true or false',
  example: 'true',
  fromValue: (value) => (typeof value === 'boolean' ? value : undefined),
  fromText: (text) => (TRUE.has(text) ? true : FALSE.has(text) ? false : undefined),
  toToml: String,
};

/** A time in milliseconds, written as Go does: `1h30m`. Code may give a number of milliseconds as well. */
export const duration: Kind<number> = {
  expected: 'a duration such as "10m", "1h30m", "500ms" or "0"',
  example: '"10m"',
  // A number without a unit could as well be meant as seconds, except for 0.
  fromValue: (value) => (typeof value === 'string' ? parseDuration(value) : value === 0 ? 0 : undefined),
  fromCode: (value) =>
    typeof value === 'number' && value >= 0 && value <= LONGEST ? value : duration.fromValue(value),
  fromText: parseDuration,
  toToml: (value) => inQuotes(formatDuration(value)),
};

export function integer(min: number, max: number): Kind<number> {
  const inRange = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : undefined;
  return {
    expected: `an integer from ${min} to ${max}`,
    example: String(min),
    fromValue: inRange,
    fromText: (text) => (/^\d+$/.test(text) ? inRange(Number(text)) : undefined),
    toToml: String,
  };
}

/** A kind that is written as a text everywhere. */
function textual<T>(expected: string, example: string, fromText: (text: string) => T | undefined): Kind<T> {
  return {
    expected,
    example,
    fromValue: (value) => (typeof value === 'string' ? fromText(value) : undefined),
    fromText,
    toToml: (value) => inQuotes(String(value)),
  };
}

/** JSON escapes what TOML does, but for one character. */
function inQuotes(value: string): string {
  return JSON.stringify(value).replaceAll('\x7f', '\\u007f');
}

export const text: Kind<string> = textual('a text in quotes', '"…"', (value) => value);

export const folder: Kind<string> = textual('the path of a folder, in quotes', '"/var/lib/kapacitor"', (value) =>
  value === '' ? undefined : value,
);

export const file: Kind<string> = textual('the path of a file, in quotes', '"/etc/kapacitor/…"', (value) =>
  value === '' ? undefined : value,
);

export const userName: Kind<string> = textual(
  "a user's name: letters, numbers, -, ., @ and _, in quotes, at most 256 bytes, not . or ..",
  '"admin"',
  (value) => (isUserName(value) ? value : undefined),
);

/** A password that a user can have. It is kept as it was given. */
export const password: Kind<string> = textual(
  'a password, in quotes: 1 to 72 bytes of well-formed Unicode, without control characters',
  '"…"',
  (value) => (passwordProblem(opaqueString(value)) === undefined ? value : undefined),
);

/** Which passwords nobody may choose. */
export const refusedPasswords: Kind<RefusedPasswords> = {
  ...textual<RefusedPasswords>(
    'the path of a file with a password on each line or, in code, a Set of them or a function that tells of one',
    '"refused.txt"',
    (value) => (value === '' ? undefined : value),
  ),
  fromCode: (value) => {
    if (typeof value === 'function') return value as RefusedPasswords;
    if (!(value instanceof Set)) return refusedPasswords.fromValue(value);
    return [...value].every((each) => typeof each === 'string') ? value : undefined;
  },
};

/** A realm is put into a header. */
export const realm: Kind<string> = textual(
  'a text without control characters, which a header can hold',
  '"Kapacitor"',
  (value) => (/^[\x20-\x7e\xa1-\xff]*$/.test(value) ? value : undefined),
);

/** Where a server listens, as Go writes it. */
export interface BindAddress {
  /** Undefined: on every address of this machine. */
  readonly host: string | undefined;
  readonly port: number;
}

export const bindAddress: Kind<BindAddress> = {
  ...textual<BindAddress>(
    'an address with a port from 0 to 65535, such as ":9092", "localhost:9092" or "[::1]:9092"',
    '":9092"',
    (value) => {
      const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(value) ?? [];
      if (port === undefined || Number(port) > 65_535) return undefined;
      return { host: bracketed || plain || undefined, port: Number(port) };
    },
  ),
  toToml: ({ host = '', port }) => inQuotes(`${host.includes(':') ? `[${host}]` : host}:${port}`),
};

/** Which hosts requests may ask for: a list in the file and in code, with commas in the environment. */
export const hosts: Kind<readonly string[]> = {
  expected: 'a list of hosts, such as ["localhost", "example.com:8080", ".example.com", "[::1]"]',
  example: '["localhost"]',
  fromValue: (value) => {
    const entries = listOfTexts(value);
    const isValid =
      entries !== undefined && entries.length > 0 && entries.every((entry) => allowedHostProblem(entry) === undefined);
    return isValid ? entries : undefined;
  },
  fromText: (value) => hosts.fromValue(splitAtCommas(value)),
  faultOf: (value) => {
    const entries: unknown = typeof value === 'string' ? splitAtCommas(value) : value;
    if (!Array.isArray(entries)) return undefined;
    if (entries.length === 0) return 'an empty list allows no host: leave it out to allow every host';
    return entries.map(faultOfEntry).find((fault) => fault !== undefined);
  },
  toToml: (value) => `[${value.map(inQuotes).join(', ')}]`,
};

function faultOfEntry(entry: unknown): string | undefined {
  return typeof entry === 'string'
    ? allowedHostProblem(entry)
    : `a host must be a text in quotes, not ${describeValue(entry)}`;
}

/** A copy: what the caller does to the list later is not seen, and the copy is not to be changed. */
function listOfTexts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
    ? Object.freeze([...value])
    : undefined;
}

function splitAtCommas(value: string): string[] {
  return value.split(',').map((entry) => entry.trim());
}

const REPOSITORY_METHODS = ['find', 'list', 'insert', 'replace', 'remove'] as const;

const STORES =
  '"sqlite:FILE", "memory:", "postgres://USER:PASSWORD@HOST/DATABASE" or, in code, a repository: ' +
  `an object with the methods ${REPOSITORY_METHODS.join(', ')}`;

/** Where the users are. */
export const store: Kind<string | UserRepository> = {
  ...textual(STORES, JSON.stringify(SQLITE_EXAMPLE), (value) =>
    value === 'memory:' || isSqliteAddress(value) || isPostgresUrl(value) ? value : undefined,
  ),
  faultOf: (value) => {
    const meant = typeof value === 'string' ? meantStore(value) : undefined;
    return meant === undefined ? undefined : `must be ${STORES}${didYouMean(JSON.stringify(meant))}`;
  },
  fromCode: (value) => {
    if (typeof value === 'string') return store.fromText(value);
    const methods = value as Partial<Record<string, unknown>> | null;
    const isRepository = REPOSITORY_METHODS.every((method) => typeof methods?.[method] === 'function');
    return isRepository ? (value as UserRepository) : undefined;
  },
};
