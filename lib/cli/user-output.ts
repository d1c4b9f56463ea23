import type { User } from '../users/user.js';
import type { Output } from './output.js';
import { ColumnWriter, formatTable } from './table.js';

const HEAD = ['NAME', 'TYPE', 'PERMISSIONS', 'ENABLED'];

/** How users are printed: a table for people, JSON for programs. */
export interface UserFormat {
  readonly json?: boolean;
}

/** `{ "name", "type", "permissions", "enabled" }`, in this order, whatever repository or server it comes from. */
export function userJson({ name, type, permissions, enabled }: User): User {
  return { name, type, permissions, enabled };
}

function userRow({ name, type, permissions, enabled }: User): string[] {
  const may = type === 'admin' ? '(everything)' : permissions.join(', ') || 'none';
  return [name, type, may, enabled ? 'yes' : 'no'];
}

export async function printUser(output: Output, user: User, { json = false }: UserFormat): Promise<void> {
  if (json) await output.json(userJson(user));
  else await output.write(formatTable([HEAD, userRow(user)]));
}

/**
 * Prints users page by page: a million of them are never in memory at once. JSON is one array with a line for each
 * user; when something fails in between it has no end, and so is no JSON.
 */
export async function printUsers(
  output: Output,
  pages: AsyncIterable<readonly User[]>,
  { json = false }: UserFormat,
): Promise<void> {
  if (json) {
    let separator = '[\n';
    for await (const page of pages) {
      await output.write(page.map((user) => `${separatorOnce()}${JSON.stringify(userJson(user))}`).join(''));
    }
    await output.write(separator === '[\n' ? '[]\n' : '\n]\n');
    return;

    function separatorOnce(): string {
      const current = separator;
      separator = ',\n';
      return current;
    }
  }
  const columns = new ColumnWriter();
  let head = [HEAD];
  for await (const page of pages) {
    await output.write(columns.format([...head, ...page.map(userRow)]));
    head = [];
  }
  if (head.length > 0) await output.write(columns.format(head));
}
