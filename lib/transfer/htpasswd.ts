import { costOf } from '../authentication/password-hasher.js';
import { normalizePermissions, type Permission } from '../users/permissions.js';
import type { UserType } from '../users/user.js';
import { ImportError } from './import-error.js';
import { refusalOf, refused } from './refused-name.js';
import type { TextFile } from './text-lines.js';
import type { ImportedUser, RefusedUser, UserFile } from './user-file.js';

const BCRYPT = /^\$2[aby]\$/;

/** NAME:REALM:MD5, as Apache's htdigest writes it: https://httpd.apache.org/docs/current/programs/htdigest.html */
const HTDIGEST = /^[^:]*:(?!\$|\{[A-Z\d]+\})[^:]*:[0-9a-f]{32}\s*$/i;

/** What is wrong with it, and what to do. */
export const HTDIGEST_PROBLEM =
  'this is htdigest\'s NAME:REALM:MD5, which holds no password hash that can be verified here: make the users anew with "htpasswd -B"';

/** Whether a line is of a file of htdigest's, and not of htpasswd's with a comment. */
export function isHtdigest(line: string): boolean {
  return HTDIGEST.test(line);
}

/** What an htpasswd file does not say of its users. */
export interface HtpasswdRights {
  /** Defaults to `normal`. */
  readonly type?: UserType | undefined;
  /** Defaults to none. */
  readonly permissions?: readonly Permission[] | undefined;
}

/**
 * A password file of Apache's or nginx's: `NAME:HASH` or `NAME:HASH:COMMENT` on each line. Only bcrypt hashes can be
 * verified later. See https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html#auth_basic_user_file
 */
export class HtpasswdFile implements UserFile {
  readonly format = 'htpasswd';
  readonly #text: TextFile;
  readonly #type: UserType;
  readonly #permissions: readonly Permission[];

  constructor(text: TextFile, { type = 'normal', permissions = [] }: HtpasswdRights = {}) {
    this.#text = text;
    this.#type = type;
    this.#permissions = type === 'admin' ? [] : normalizePermissions(permissions);
  }

  async *read(): AsyncGenerator<ImportedUser | RefusedUser, void, undefined> {
    const names = new Map<string, number>();
    for await (const { text, number } of this.#text.lines()) {
      if (text.trim() === '' || text.startsWith('#')) continue;
      const complain = (problem: string) => new ImportError(`${this.#text.shownPath}, line ${number}: ${problem}`);
      if (isHtdigest(text)) throw complain(HTDIGEST_PROBLEM);
      // Neither a name nor a hash of bcrypt's has a colon. What stands behind a second one is a comment.
      const [name = '', hash] = text.split(':');
      if (hash === undefined) throw complain('this is not NAME:HASH');
      const before = names.get(name);
      if (before !== undefined) throw complain(`${JSON.stringify(name)} stands in line ${before} already`);
      names.set(name, number);
      yield this.#toUser(name, hash.trim());
    }
  }

  close(): Promise<void> {
    return this.#text.close();
  }

  #toUser(name: string, hash: string): ImportedUser | RefusedUser {
    const refusal = refusalOf(name) ?? hashRefusal(hash);
    if (refusal !== undefined) return refused(name, refusal);
    return { name, type: this.#type, permissions: this.#permissions, enabled: true, hash };
  }
}

function hashRefusal(hash: string): string | undefined {
  if (costOf(hash) !== undefined) return undefined;
  if (!BCRYPT.test(hash)) return 'only bcrypt entries (htpasswd -B) can be imported';
  return 'the bcrypt entry is cut off, or has no cost from 4 to 20';
}
