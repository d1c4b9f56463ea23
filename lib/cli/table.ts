import Table from 'cli-table3';

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
