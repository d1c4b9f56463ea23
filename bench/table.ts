import type { Format, Row, TableForm, Value } from './measure.js';
import { majorOf, type Run } from './results.js';

/** A table in Markdown, which is also readable in a terminal. */
export function toMarkdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |\n`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`;
  return [line(head), rule, ...rows.map(line)].join('');
}

/** A table of a measure, with the columns of each run beside one another. Undefined if no run has it. */
export function tableOf({ caption, columns }: TableForm, name: string, runs: readonly Run[]): string | undefined {
  const all = runs.flatMap(({ tables }) => tables[name] ?? []);
  const [first] = all;
  if (first === undefined) return undefined;
  const shown = Object.entries(columns).flatMap(([title, format]) =>
    runs.filter(({ tables }) => tables[name]?.some((row) => title in row)).map((run) => ({ title, format, run })),
  );
  const titleOf = ({ title, run }: (typeof shown)[number]) =>
    runs.length === 1 ? title : `${title}, Node.js ${majorOf(run.node)}`;
  const head = [Object.keys(first)[0] as string, ...shown.map(titleOf)];
  const rows = [...new Set(all.map(labelOf))].map((label) => [
    label,
    ...shown.map(({ title, format, run }) => {
      const row = run.tables[name]?.find((each) => labelOf(each) === label);
      return textOf(row?.[title], format);
    }),
  ]);
  return `${caption === undefined ? '' : `${caption}\n\n`}${toMarkdown(head, rows)}`;
}

/** The label of a row. */
export function labelOf(row: Row): string {
  return String(Object.values(row)[0]);
}

/** A value as a reader sees it. A spread of equal figures is one figure. */
export function textOf(value: Value | undefined, format: Format): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return format(value);
  const { median, least, most } = value;
  return least === most ? format(median) : `${format(median)} (${format(least)} to ${format(most)})`;
}
