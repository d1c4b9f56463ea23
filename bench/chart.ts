import { type Bar, drawBars } from './bar-chart.js';
import type { ChartForm, Value } from './measure.js';
import { majorOf, type Run } from './results.js';
import { labelOf, textOf } from './table.js';

/** The chart of a measure as SVG. With several columns it shows the newest version of Node.js only. */
export function chartOf(form: ChartForm, runs: readonly Run[]): string {
  const isByVersion = form.columns.length === 1;
  const shown = isByVersion ? runs : runs.slice(-1);
  const labels = new Set(shown.flatMap(({ tables }) => (tables[form.table] ?? []).map(labelOf)));
  const groups = [...labels].map((label) => ({
    label: label.replaceAll('`', ''),
    isOurs: label.startsWith('kapacitor-auth'),
    bars: form.columns.flatMap((column) =>
      shown.flatMap(({ node, tables }) => {
        const value = tables[form.table]?.find((row) => labelOf(row) === label)?.[column];
        const name = isByVersion ? `Node.js ${majorOf(node)}` : column;
        return value === undefined || typeof value === 'string' ? [] : [barOf(name, value, form)];
      }),
    ),
  }));
  const version = isByVersion ? '' : `, Node.js ${shown.map(({ node }) => majorOf(node))}`;
  return drawBars({ title: `${form.title}${version}`, description: form.description, groups });
}

function barOf(label: string, value: Exclude<Value, string>, { length = (each) => each, format }: ChartForm): Bar {
  const text = textOf(value, format);
  if (typeof value === 'number') return { label, text, length: length(value) };
  return { label, text, length: length(value.median), least: length(value.least), most: length(value.most) };
}
