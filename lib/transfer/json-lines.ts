import { costOf } from '../authentication/password-hasher.js';
import { isPermission, normalizePermissions } from '../users/permissions.js';
import { ImportError } from './import-error.js';
import { refusalOf, refused } from './refused-name.js';
import type { TextFile } from './text-lines.js';
import type { ImportedUser, RefusedUser, UserFile } from './user-file.js';

const FIELDS = ['name', 'type', 'permissions', 'enabled', 'hash'] as const;

/** The line of a user, without its end. The order of the fields is always the same. */
export function toJsonLine({ name, type, permissions, enabled, hash }: ImportedUser): string {
  return JSON.stringify({ name, type, permissions, enabled, hash });
}

/** A file that `export` has written: a user on each line, with the hash. */
export class JsonLinesFile implements UserFile {
  readonly format = 'JSON lines';
  readonly #text: TextFile;

  constructor(text: TextFile) {
    this.#text = text;
  }

  async *read(): AsyncGenerator<ImportedUser | RefusedUser, void, undefined> {
    const names = new Map<string, number>();
    for await (const { text, number, isEnded } of this.#text.lines()) {
      if (text.trim() === '') continue;
      const complain = (problem: string) => new ImportError(`${this.#text.shownPath}, line ${number}: ${problem}`);
      const user = parseUser(text, isEnded, complain);
      const before = names.get(user.name);
      if (before !== undefined) throw complain(`${JSON.stringify(user.name)} stands in line ${before} already`);
      names.set(user.name, number);
      yield user;
    }
  }

  close(): Promise<void> {
    return this.#text.close();
  }
}

type Complain = (problem: string) => ImportError;

function parseUser(text: string, isEnded: boolean, complain: Complain): ImportedUser | RefusedUser {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own words repeat the line, and the hash in it.
    throw complain(isEnded ? 'this is not JSON' : 'this is not JSON: the file is cut off here. Export it again');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw complain('this is no user: {"name": …}');
  const { name, type, permissions, enabled, hash } = value as Record<string, unknown>;
  const missing = FIELDS.find((field) => !Object.hasOwn(value, field));
  if (missing !== undefined) throw complain(`"${missing}" is missing`);
  const unknown = Object.keys(value).find((key) => !(FIELDS as readonly string[]).includes(key));
  if (unknown !== undefined) throw complain(`${JSON.stringify(unknown)} is not known: a user has ${FIELDS.join(', ')}`);
  if (typeof name !== 'string') throw complain('"name" must be a text');
  if (type !== 'admin' && type !== 'normal') throw complain('"type" must be "admin" or "normal"');
  if (!Array.isArray(permissions) || !permissions.every(isPermission)) {
    throw complain('"permissions" must be an array of none, api, config_api, write_points and all');
  }
  if (typeof enabled !== 'boolean') throw complain('"enabled" must be true or false');
  if (typeof hash !== 'string' || costOf(hash) === undefined) {
    throw complain('"hash" must be a bcrypt hash with a cost from 4 to 20');
  }
  // Of a field that stands twice the parser has kept the last one, and a reader may have seen the first.
  if (countFields(text) > FIELDS.length)
    throw complain(`a field stands twice: a user has ${FIELDS.join(', ')}, each once`);
  const refusal = refusalOf(name);
  if (refusal !== undefined) return refused(name, refusal);
  return { name, type, permissions: type === 'admin' ? [] : normalizePermissions(permissions), enabled, hash };
}

/** How many fields there are in JSON, however their names are written: each has a colon that is in no text. */
function countFields(json: string): number {
  return json.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
}
