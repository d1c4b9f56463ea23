import { didYouMean } from '../argument-checks.js';
import { allowedHostProblem } from '../request/allowed-hosts.js';
import { withoutOrigin } from '../request/host.js';
import { describeValue } from '../safe-text.js';
import { inQuotes, type Kind, listInToml, textual } from './kinds.js';
import type { BindAddress, Refusals } from './options.js';

/** Characters that a header can hold. */
export const realmKind: Kind<string> = textual(
  'a text without control characters, which a header can hold',
  '"Kapacitor"',
  (value) => (/^[\x20-\x7e\xa1-\xff]*$/.test(value) ? value : undefined),
);

const NOT_EMPTY = 'a text in quotes that is not empty';

/**
 * Kapacitor accepts tokens that are signed with an empty secret, which everybody can make. Its own files have an empty one
 * all the same, so that in a file it means none.
 */
export const sharedSecretKind: Kind<string> = {
  ...textual(NOT_EMPTY, '"…"', (value) => (value.isWellFormed() ? value || undefined : undefined)),
  fromValue: (value) => (typeof value === 'string' && value.isWellFormed() ? value : undefined),
  fromCode: (value) => (typeof value === 'string' ? sharedSecretKind.fromText(value) : undefined),
  faultOf: (value) => {
    if (value === '')
      return 'must not be empty: everybody can sign tokens with an empty secret. To accept no tokens, leave it out';
    return typeof value === 'string' && !value.isWellFormed() ? 'must be well-formed Unicode' : undefined;
  },
};

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
    if (!Array.isArray(value)) return undefined;
    const other: unknown = value.find((each) => typeof each !== 'string');
    return `a path must be a text in quotes, not ${describeValue(other)}`;
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
