import Table from 'cli-table3';
import type { User } from '../users/user.js';
import { type AccessRules, undefinedIn } from './access-rules.js';
import type { Output } from './output.js';

const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat('middle')
    .map((part) => [part, '']),
);
const GAP = '  ';
/** Characters. A longer cell does not widen its column. */
const LONGEST = 40;
/** Text in which each character takes one column of a terminal. */
const ASCII = /^[\x20-\x7e]*$/;

/** Formats a table in pieces. Columns never become narrower. */
export class ColumnWriter {
  readonly #widths: number[] = [];

  format(rows: readonly (readonly string[])[]): string {
    const columns = (rows[0] ?? []).map((_, index) =>
      this.#pad(
        rows.map((row) => row[index] as string),
        index,
      ),
    );
    const line = (row: number) => columns.map((column) => column[row]).join(GAP);
    return rows.map((_, row) => `${line(row).trimEnd()}\n`).join('');
  }

  #pad(cells: readonly string[], index: number): string[] {
    const usual = cells.filter((cell) => [...cell].length <= LONGEST);
    let width = this.#widths[index] ?? 0;
    for (const cell of usual) if (ASCII.test(cell)) width = Math.max(width, cell.length);
    const wide = [...new Set(usual.filter((cell) => !ASCII.test(cell)))];
    const [ruler = '', ...padded] = padWide(wide, width);
    this.#widths[index] = Math.max(width, ruler.length);
    const paddedBy = new Map(wide.map((cell, position) => [cell, padded[position]]));
    return cells.map((cell) => paddedBy.get(cell) ?? cell.padEnd(this.#widths[index] as number));
  }
}

/**
 * Pads texts with characters that take two columns of a terminal, or none. cli-table3 knows their widths, but would be too
 * slow for the other texts of a million users. The first result is the ruler: it is as long as the column is wide.
 */
function padWide(cells: readonly string[], width: number): string[] {
  if (cells.length === 0) return [];
  const style = { 'padding-left': 0, 'padding-right': 0, head: [], border: [] };
  const table = new Table({ chars: NO_BORDERS, style });
  table.push(['x'.repeat(width)], ...cells.map((cell) => [cell]));
  return table.toString().split('\n');
}

/** Formats a whole table. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  return new ColumnWriter().format(rows);
}

const HEAD = ['NAME', 'TYPE', 'PERMISSIONS', 'ENABLED'];

export interface UserFormat {
  readonly json?: boolean;
}

/** The fields of a user in a fixed order, whatever repository or server it comes from. */
export function userJson({ name, type, permissions, enabled }: User): User {
  return { name, type, permissions, enabled };
}

/** With rules, a permission that is not defined is marked: it opens nothing. */
function userRow({ name, type, permissions, enabled }: User, rules: AccessRules | undefined): string[] {
  const undefinedOnes = rules === undefined ? [] : undefinedIn(rules, permissions);
  const marked = permissions.map((each) => (undefinedOnes.includes(each) ? `${each} (undefined)` : each));
  const may = type === 'admin' ? '(everything)' : marked.join(', ') || 'none';
  return [name, type, may, enabled ? 'yes' : 'no'];
}

export async function printUser(
  output: Output,
  user: User,
  { json = false }: UserFormat,
  rules?: AccessRules,
): Promise<void> {
  if (json) await output.json(userJson(user));
  else await output.write(formatTable([HEAD, userRow(user, rules)]));
}

/**
 * Prints users page by page, so that a million of them are never in memory. As JSON they are one array with a line for each
 * user. After a failure the array has no end, so that no program takes it for complete.
 */
export async function printUsers(
  output: Output,
  pages: AsyncIterable<readonly User[]>,
  { json = false }: UserFormat,
  rules?: AccessRules,
): Promise<void> {
  if (json) {
    let separator = '[\n';
    for await (const page of pages) {
      const lines = page.map((user) => JSON.stringify(userJson(user)));
      await output.write(`${separator}${lines.join(',\n')}`);
      separator = ',\n';
    }
    await output.write(separator === '[\n' ? '[]\n' : '\n]\n');
    return;
  }
  const columns = new ColumnWriter();
  let head = [HEAD];
  for await (const page of pages) {
    await output.write(columns.format([...head, ...page.map((user) => userRow(user, rules))]));
    head = [];
  }
  if (head.length > 0) await output.write(columns.format(head));
}
