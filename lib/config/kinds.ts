import { didYouMean } from '../argument-checks.js';
import { allowedHostProblem } from '../request/allowed-hosts.js';
import { withoutOrigin } from '../request/host.js';
import { describeValue } from '../safe-text.js';
import { isSqliteAddress, meantStore, SQLITE_EXAMPLE, sqliteAddress, sqliteFile } from '../stores/address.js';
import { isPostgresUrl } from '../stores/postgres/url.js';
import { opaqueString, passwordProblem } from '../users/password.js';
import type { RefusedPasswords } from '../users/password-policy.js';
import type { UserRepository } from '../users/repository.js';
import { isUserName } from '../users/user-name.js';
import { formatDuration, LONGEST, parseDuration } from './duration.js';
import type { BindAddress, Refusals } from './options.js';
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
function textual<T>(expected: string, example: string, fromText: (text: string) => T | undefined): Kind<T> {
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

/** Characters that a header can hold. */
export const realmKind: Kind<string> = textual(
  'a text without control characters, which a header can hold',
  '"Kapacitor"',
  (value) => (/^[\x20-\x7e\xa1-\xff]*$/.test(value) ? value : undefined),
);

/** The address of a server in Go's notation. */
export const bindAddressKind: Kind<BindAddress> = {
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

/** A list in the file and in code, separated by commas in the environment. */
export const hostsKind: Kind<readonly string[]> = {
  expected: 'a list of hosts, such as ["localhost", "example.com:8080", ".example.com", "[::1]"]',
  example: '["localhost"]',
  fromValue: (value) => {
    const entries = listOfTexts(value);
    const isValid =
      entries !== undefined && entries.length > 0 && entries.every((entry) => allowedHostProblem(entry) === undefined);
    return isValid ? entries : undefined;
  },
  fromText: (value) => hostsKind.fromValue(splitAtCommas(value)),
  faultOf: (value) => {
    const entries: unknown = typeof value === 'string' ? splitAtCommas(value) : value;
    if (!Array.isArray(entries)) return undefined;
    if (entries.length === 0) return 'an empty list allows no host: leave it out to allow every host';
    return entries.map(faultOfEntry).find((fault) => fault !== undefined);
  },
  toToml: listInToml,
};

/** Paths that need no credentials. Their faults depend on `http.apiPath`: see `public-entries.ts`. */
export const publicKind: Kind<readonly string[]> = {
  expected: 'a list of paths, such as ["/health", "GET /status"]',
  example: '["/health"]',
  fromValue: listOfTexts,
  fromText: (value) => publicKind.fromValue(splitAtCommas(value)),
  faultOf: (value) => {
    const other: unknown = Array.isArray(value) ? value.find((each) => typeof each !== 'string') : value;
    return Array.isArray(value) ? `a path must be a text in quotes, not ${describeValue(other)}` : undefined;
  },
  toToml: listInToml,
};

export const refusalsKind: Kind<Refusals> = textual<Refusals>('"answer" or "next"', '"answer"', (value) =>
  value === 'answer' || value === 'next' ? value : undefined,
);

const EXPECTED_API_PATH =
  'a path in lower case (routers ignore case) without a slash at its end, such as "/kapacitor/v1", or "/" for the root';

/** The root is the empty path. */
export const apiPathKind: Kind<string> = {
  ...textual(EXPECTED_API_PATH, '"/kapacitor/v1"', (value) =>
    isApiPath(value) ? value.replace(/^\/$/, '') : undefined,
  ),
  faultOf: (value) => {
    if (typeof value !== 'string') return undefined;
    const path = withoutOrigin(value);
    const segments = path
      .toLowerCase()
      .replace(/[?#].*$/s, '')
      .split('/')
      .filter(Boolean);
    const meant = `/${segments.join('/')}`;
    // A URL may hold a password.
    const shown = path === value ? describeValue(value) : 'a URL';
    return `must be ${EXPECTED_API_PATH}, not ${shown}${isApiPath(meant) ? didYouMean(describeValue(meant)) : ''}`;
  },
  toToml: (value) => inQuotes(value || '/'),
};

/** Segments of unreserved characters. One that begins with a dot may be a dot segment, and is none here. */
function isApiPath(path: string): boolean {
  return path === '/' || /^(?:\/[a-z0-9_~-][a-z0-9._~-]*)+$/.test(path);
}

/** `["read", "write"]`: a list of texts in the config file's notation. */
export function listInToml(texts: readonly string[]): string {
  return `[${texts.map(inQuotes).join(', ')}]`;
}

function faultOfEntry(entry: unknown): string | undefined {
  return typeof entry === 'string'
    ? allowedHostProblem(entry)
    : `a host must be a text in quotes, not ${describeValue(entry)}`;
}

/** A frozen copy: later changes of the caller's list have no effect. */
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
