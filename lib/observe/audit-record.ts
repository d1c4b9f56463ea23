/** What JSON has. */
export type Field = string | number | boolean | null | readonly Field[] | { readonly [name: string]: Field };

export type AuditRecord = Readonly<Record<string, Field>>;

/** Characters of one text. A name, an address and a path have less; an app may give its requests any id. */
const MAX_TEXT = 1_024;
const MAX_ITEMS = 64;
const MAX_DEPTH = 3;

/** What a reader of many records looks for comes first, in each of them. */
const FIRST = ['user', 'by', 'from', 'method', 'path', 'requestId'];

/** The sinks have these themselves. */
const OF_THE_SINK = new Set(['time', 'event']);

/** No event has them. Whatever a later one carries, they go into no log. */
const SECRETS = new Set(['password', 'hash', 'revision']);

/**
 * The details of an event as plain values, for a sink: bounded, without what is undefined, and without the time. An
 * event that is not known is taken like any other.
 */
export function recordOf(details: object): AuditRecord {
  const named = details as Readonly<Record<string, unknown>>;
  const ordered = { ...Object.fromEntries(FIRST.map((name) => [name, named[name]])), ...named };
  return fieldsOf(Object.entries(ordered).filter(([name]) => !OF_THE_SINK.has(name)));
}

function fieldsOf(entries: readonly [string, unknown][], depth = 0): AuditRecord {
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
  if (!Array.isArray(value)) return fieldsOf(Object.entries(value), depth + 1);
  return value.slice(0, MAX_ITEMS).map((item) => fieldOf(item, depth + 1) ?? null);
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
