import { printable, quoteText } from '../safe-text.js';
import type { AuditEvents, CredentialKind } from '../users/audit-events.js';

/** A JSON value. */
export type Field = string | number | boolean | null | readonly Field[] | { readonly [name: string]: Field };

export type AuditRecord = Readonly<Record<string, Field>>;

/** Characters of one text. Names, addresses and paths are shorter, but an app may give its requests any id. */
const MAX_TEXT = 1_024;
const MAX_ITEMS = 64;
const MAX_DEPTH = 3;
/** Characters of a line, which may be a little longer if it says that fields were left out. */
const MAX_LINE = 16_384;
/** Characters of a sentence. The fields of the record have the rest. */
const MAX_SENTENCE = 300;

/** The fields that come first in each record, because readers look for them. */
const FIRST = ['user', 'by', 'from', 'method', 'path', 'requestId'];

/** Each sink writes these in its own way. */
const OF_THE_SINK = new Set(['time', 'event']);

/** No event has these fields. If a later one does, they are not logged. */
const SECRETS = new Set(['password', 'hash', 'revision']);

/** The details of any event as bounded plain values, without the time and without undefined ones. */
export function recordOf(details: object): AuditRecord {
  const named = details as Readonly<Record<string, unknown>>;
  const ordered = { ...Object.fromEntries(FIRST.map((name) => [name, named[name]])), ...named };
  return boundedFields(Object.entries(ordered).filter(([name]) => !OF_THE_SINK.has(name)));
}

function boundedFields(entries: readonly [string, unknown][], depth = 0): AuditRecord {
  const fields: [string, Field][] = [];
  for (const [name, value] of entries.slice(0, MAX_ITEMS)) {
    const field = SECRETS.has(name) ? undefined : fieldOf(value, depth);
    if (field !== undefined) fields.push([cut(name), field]);
  }
  return Object.fromEntries(fields);
}

function fieldOf(value: unknown, depth: number): Field | undefined {
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  if (typeof value !== 'object' || depth === MAX_DEPTH) return undefined;
  if (!Array.isArray(value)) return boundedFields(Object.entries(value), depth + 1);
  return value.slice(0, MAX_ITEMS).map((item) => fieldOf(item, depth + 1) ?? null);
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/**
 * An event as one line of JSON, with the time and the event first. No name, path or id can break the line or send an
 * order to a terminal. Fields that do not fit are left out.
 */
export function auditLine(event: string, details: { readonly time: Date }): string {
  let line = `{"time":${json(details.time)},"event":${json(event)}`;
  let isComplete = true;
  for (const [name, field] of Object.entries(recordOf(details))) {
    const text = `,${json(name)}:${json(field)}`;
    if (line.length + text.length <= MAX_LINE) line += text;
    else isComplete = false;
  }
  return `${line}${isComplete ? '' : ',"truncated":true'}}\n`;
}

function json(value: unknown): string {
  return printable(JSON.stringify(value));
}

const SENTENCES: { readonly [Event in keyof AuditEvents]: (details: AuditEvents[Event]) => string } = {
  login: ({ user, how }) => `user ${quoteText(user)} logged in${HOW[how] ?? ''}`,
  'login-failed': ({ user, reason }) =>
    `a login${user === undefined ? '' : ` as ${quoteText(user)}`} failed: ${reason}`,
  denied: ({ status, reason }) => `denied with ${status}: ${reason}`,
  'user-created': ({ user, by }) => `user ${quoteText(user.name)} was created${byWhom(by)}`,
  'user-changed': ({ user, by, changed }) =>
    `user ${quoteText(user.name)} was changed${byWhom(by)}: ${changed.join(', ') || 'nothing is different'}`,
  'user-deleted': ({ user, by }) => `user ${quoteText(user.name)} was deleted${byWhom(by)}`,
  'user-operation-failed': ({ operation, user, by, reason }) =>
    `${user === undefined ? 'a user' : `user ${quoteText(user)}`} could not be ${DONE[operation]}${byWhom(by)}: ${reason}`,
  'key-created': ({ user, key, by }) => `key ${quoteText(key)} of user ${quoteText(user)} was created${byWhom(by)}`,
  'key-deleted': ({ user, key, by }) => `key ${quoteText(key)} of user ${quoteText(user)} was deleted${byWhom(by)}`,
  'session-ended': ({ user, count, by }) =>
    `${count === 1 ? 'a session' : `${count} sessions`} of user ${quoteText(user)} ended${byWhom(by)}`,
  'store-unavailable': ({ reason }) => `the user store is unavailable${reason === undefined ? '' : `: ${reason}`}`,
  'authentication-switched': ({ authEnabled }) => `authentication was switched ${authEnabled ? 'on' : 'off'}`,
};

/** A password is what people expect. */
const HOW: Readonly<Partial<Record<CredentialKind, string>>> = {
  key: ' with a key',
  session: ' with a session',
  jwt: ' with a JSON Web Token',
};

const DONE = { create: 'created', change: 'changed', delete: 'deleted' } as const;

function byWhom(by: string | undefined): string {
  return by === undefined ? '' : ` by ${quoteText(by)}`;
}

/** Describes an event in a short sentence. The sentence of an unknown event is its name. */
export function sentenceOf(event: string, details: object): string {
  const sentence = Object.hasOwn(SENTENCES, event) ? SENTENCES[event as keyof AuditEvents](details as never) : event;
  return printable(sentence.length > MAX_SENTENCE ? `${sentence.slice(0, MAX_SENTENCE)}…` : sentence);
}

const WARNINGS: ReadonlySet<string> = new Set<keyof AuditEvents>([
  'login-failed',
  'denied',
  'user-operation-failed',
  'store-unavailable',
]);

/** Tells whether an event is a failure, a denial, or the end of authentication. */
export function isWarning(event: string, details: object): boolean {
  return (
    WARNINGS.has(event) || (event === 'authentication-switched' && !(details as { authEnabled: boolean }).authEnabled)
  );
}
