import { printable } from '../safe-text.js';
import { type AccessRules, undefinedIn } from './access-rules.js';
import type { ManagedUser } from './managed-users.js';
import type { Output } from './output.js';
import { ColumnWriter, formatTable } from './table.js';

export interface UserFormat {
  readonly json?: boolean;
}

/** How to print users for people. */
interface Look {
  /** With them, a permission that is not defined is marked: it opens nothing. */
  readonly rules?: AccessRules | undefined;
  /** With the last login and the note. */
  readonly isLong?: boolean | undefined;
}

const HEAD = ['NAME', 'TYPE', 'PERMISSIONS', 'STATE'];
const LONG_HEAD = [...HEAD, 'LAST LOGIN', 'NOTE'];

/** The fields of a user in a fixed order, whatever store or server it comes from. Those that are not known are left out. */
export function userJson({ name, type, permissions, enabled, ...account }: ManagedUser): object {
  const { expires, mustChangePassword, note, created, passwordChanged, lastLogin } = account;
  return {
    ...{ name, type, permissions, enabled, expires, mustChangePassword, note },
    ...{ created, passwordChanged, lastLogin },
  };
}

/** Whether the user can log in, and whether that will change. */
function stateOf({ enabled, expires, mustChangePassword }: ManagedUser): string {
  const words = [
    !enabled && 'disabled',
    expires && (hasExpired({ expires }) ? 'expired' : `expires ${expires.toISOString().slice(0, 10)}`),
    mustChangePassword && 'must change password',
  ].filter(Boolean);
  return words.join(', ') || 'enabled';
}

export function hasExpired({ expires }: Pick<ManagedUser, 'expires'>): boolean {
  return Boolean(expires) && Date.now() >= Number(expires);
}

function userRow(user: ManagedUser, { rules, isLong = false }: Look): string[] {
  const { name, type, permissions, lastLogin, note } = user;
  const undefinedOnes = rules === undefined ? [] : undefinedIn(rules, permissions);
  const marked = permissions.map((each) => (undefinedOnes.includes(each) ? `${each} (undefined)` : each));
  const may = type === 'admin' ? '(everything)' : marked.join(', ') || 'none';
  const row = [name, type, may, stateOf(user)];
  return isLong ? [...row, shownTime(lastLogin), printable(note ?? '')] : row;
}

export async function printUser(
  output: Output,
  user: ManagedUser,
  { json = false }: UserFormat,
  rules?: AccessRules,
): Promise<void> {
  if (json) await output.json(userJson(user));
  else await output.write(formatTable([HEAD, userRow(user, { rules })]));
}

/** Prints what is known of the account of a user, below the user. */
export async function printAccount(output: Output, user: ManagedUser): Promise<void> {
  const { created, passwordChanged, lastLogin, expires, note } = user;
  const times = Object.entries({
    Created: created,
    'Password changed': passwordChanged,
    'Last login': lastLogin,
    Expires: expires,
  });
  const lines = times.flatMap(([label, time]) => (time ? [[label, inSeconds(time)]] : []));
  if (note) lines.push(['Note', printable(note)]);
  if (lines.length > 0) await output.write(`\n${formatTable(lines)}`);
}

/** `2027-01-31T00:00:00Z`. */
export function inSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+/, '');
}

function shownTime(time: Date | null | undefined): string {
  if (time === undefined) return 'unknown';
  return time === null ? 'none known' : inSeconds(time);
}

/**
 * Prints users page by page, so that a million of them are never in memory. As JSON they are one array with a line for each
 * user. After a failure the array has no end, so that no program takes it for complete.
 */
export async function printUsers(
  output: Output,
  pages: AsyncIterable<readonly ManagedUser[]> | Iterable<readonly ManagedUser[]>,
  { json = false }: UserFormat,
  look: Look = {},
): Promise<void> {
  if (json) {
    let separator = '[\n';
    for await (const page of pages) {
      const lines = page.map((user) => printable(JSON.stringify(userJson(user))));
      await output.write(`${separator}${lines.join(',\n')}`);
      separator = ',\n';
    }
    await output.write(separator === '[\n' ? '[]\n' : '\n]\n');
    return;
  }
  const columns = new ColumnWriter();
  let head = [look.isLong ? LONG_HEAD : HEAD];
  for await (const page of pages) {
    await output.write(columns.format([...head, ...page.map((user) => userRow(user, look))]));
    head = [];
  }
  if (head.length > 0) await output.write(columns.format(head));
}
