import { costOf } from '../users/bcrypt-hash.js';
import { normalizePermissions } from '../users/permissions.js';
import type { UserType } from '../users/user.js';
import type { LineParser } from './text-user-file.js';

const BCRYPT = /^\$2[aby]\$/;

/** NAME:REALM:MD5, as Apache's htdigest writes it: https://httpd.apache.org/docs/current/programs/htdigest.html */
const HTDIGEST = /^[^:]*:(?!\$|\{[A-Z\d]+\})[^:]*:[0-9a-f]{32}\s*$/i;

export const HTDIGEST_PROBLEM =
  'this is htdigest\'s NAME:REALM:MD5, and such a digest cannot be verified here. Create the users again with "htpasswd -B"';

/** Tells a line of htdigest's from a line of htpasswd's with a comment. */
export function isHtdigest(line: string): boolean {
  return HTDIGEST.test(line);
}

/** The rights of the users in an htpasswd file, which has none of its own. */
export interface HtpasswdRights {
  /** Defaults to `normal`. */
  readonly type?: UserType | undefined;
  /** Defaults to none. */
  readonly permissions?: readonly string[] | undefined;
}

/**
 * Parses a password file of Apache's or nginx's: `NAME:HASH` or `NAME:HASH:COMMENT` on each line. Only bcrypt hashes can be
 * verified later. See https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html#auth_basic_user_file
 */
export function htpasswdParser({ type = 'normal', permissions: given = [] }: HtpasswdRights = {}): LineParser {
  const permissions = type === 'admin' ? [] : normalizePermissions(given);
  return ({ text, complain }) => {
    if (text.trim() === '' || text.startsWith('#')) return undefined;
    if (isHtdigest(text)) throw complain(HTDIGEST_PROBLEM);
    // Neither a name nor a bcrypt hash has a colon, so a comment follows the second one.
    const [name = '', field] = text.split(':');
    if (field === undefined) throw complain('this is not NAME:HASH');
    const hash = field.trim();
    if (costOf(hash) !== undefined) return { name, type, permissions, enabled: true, hash };
    const refusal = BCRYPT.test(hash)
      ? 'the bcrypt hash is cut off, or its cost is not from 4 to 20'
      : 'only bcrypt hashes (htpasswd -B) can be imported';
    return { name, refusal };
  };
}
