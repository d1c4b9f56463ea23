import Table from 'cli-table3';

const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat('middle')
    .map((part) => [part, '']),
);
const GAP = '  ';
/** Characters. One cell that is longer does not push all the others apart. */
const LONGEST = 40;
/** Whose characters are all as wide as one. */
const ASCII = /^[\x20-\x7e]*$/;

/** A table that comes in pieces: a column that has become wide stays so. */
export class ColumnWriter {
  readonly #widths: number[] = [];

  /** Lines for these rows, each with its end. */
  format(rows: readonly (readonly string[])[]): string {
    const columns = (rows[0] ?? []).map((_, index) =>
      this.#pad(
        rows.map((row) => row[index] as string),
        index,
      ),
    );
    return rows
      .map(
        (_, line) =>
          `${columns
            .map((column) => column[line])
            .join(GAP)
            .trimEnd()}\n`,
      )
      .join('');
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
 * Pads what has characters of two cells, or of none: cli-table3 knows them, and would take too long for a million lines.
 * The first line that it gives is a ruler of plain characters.
 */
function padWide(cells: readonly string[], width: number): string[] {
  if (cells.length === 0) return [];
  const style = { 'padding-left': 0, 'padding-right': 0, head: [], border: [] };
  const table = new Table({ chars: NO_BORDERS, style });
  table.push(['x'.repeat(width)], ...cells.map((cell) => [cell]));
  return table.toString().split('\n');
}

/** A whole table. The first row is its head. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  return new ColumnWriter().format(rows);
}
