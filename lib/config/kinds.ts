import type { UserRepository } from '../users/repository.js';
import { parseDuration } from './duration.js';

/** What a setting may be, and how each source writes it. */
export interface Kind<T> {
  /** For messages: `true or false`. */
  readonly expected: string;
  /** How the config file writes one, for messages: `true`. */
  readonly example: string;
  /** Reads a value of the config file, or of code. Undefined: it is none. */
  fromValue(value: unknown): T | undefined;
  /** Reads an environment variable. Undefined: it is none. */
  fromText(text: string): T | undefined;
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** In the environment, whatever Go's `strconv.ParseBool` takes. */
export const boolean: Kind<boolean> = {
  expected: 'true or false',
  example: 'true',
  fromValue: (value) => (typeof value === 'boolean' ? value : undefined),
  fromText: (text) => (TRUE.has(text) ? true : FALSE.has(text) ? false : undefined),
};

/** A time in milliseconds, written as Go does: `1h30m`. Code may give a number of milliseconds as well. */
export const duration: Kind<number> = {
  expected: 'a duration such as "10m", "1h30m", "500ms" or "0"',
  example: '"10m"',
  fromValue: (value) => {
    if (typeof value === 'string') return parseDuration(value);
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
  },
  fromText: parseDuration,
};

export function integer(min: number, max: number): Kind<number> {
  const inRange = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : undefined;
  return {
    expected: `an integer from ${min} to ${max}`,
    example: String(min),
    fromValue: inRange,
    fromText: (text) => (/^\d+$/.test(text) ? inRange(Number(text)) : undefined),
  };
}

export const text: Kind<string> = {
  expected: 'a text',
  example: '"…"',
  fromValue: (value) => (typeof value === 'string' ? value : undefined),
  fromText: (value) => value,
};

/** A realm is put into a header. */
export const realm: Kind<string> = {
  expected: 'a text without control characters, which a header can hold',
  example: '"Kapacitor"',
  fromValue: (value) => (typeof value === 'string' ? realm.fromText(value) : undefined),
  fromText: (value) => (/^[\x20-\x7e\xa1-\xff]*$/.test(value) ? value : undefined),
};

/** Where a server listens, as Go writes it. */
export interface BindAddress {
  /** Undefined: on every address of this machine. */
  readonly host: string | undefined;
  readonly port: number;
}

export const bindAddress: Kind<BindAddress> = {
  expected: 'an address with a port from 0 to 65535, such as ":9092", "localhost:9092" or "[::1]:9092"',
  example: '":9092"',
  fromValue: (value) => (typeof value === 'string' ? bindAddress.fromText(value) : undefined),
  fromText: (value) => {
    const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(value) ?? [];
    if (port === undefined || Number(port) > 65_535) return undefined;
    return { host: bracketed || plain || undefined, port: Number(port) };
  },
};

const REPOSITORY_METHODS = ['find', 'list', 'insert', 'replace', 'remove'] as const;

/** Where the users are. */
export const store: Kind<string | UserRepository> = {
  expected: '"lmdb:FOLDER" or "memory:" (or, in code, a repository)',
  example: '"lmdb:./users"',
  fromValue: (value) => {
    if (typeof value === 'string') return store.fromText(value);
    const methods = value as Partial<Record<string, unknown>> | null | undefined;
    const isRepository = REPOSITORY_METHODS.every((method) => typeof methods?.[method] === 'function');
    return isRepository ? (value as UserRepository) : undefined;
  },
  fromText: (value) => (value === 'memory:' || /^lmdb:./.test(value) ? value : undefined),
};
