import { describe, expect, it } from 'vitest';
import { drawBars } from '../../bench/bar-chart.js';
import { chartOf } from '../../bench/chart.js';
import { ratio } from '../../bench/measure.js';
import { MEASURES } from '../../bench/measures.js';
import { readResults } from '../../bench/results.js';

const FORM = { title: 'Bars', description: 'Bars of all', table: 'apps', columns: ['share'], format: ratio };

const run = (node: string, apps: readonly Record<string, any>[]) => ({
  ...{ node, rounds: 2, cores: 2, date: '2026-01-02' },
  tables: { apps },
});

const textsIn = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
const widthsIn = (svg: string) =>
  [...svg.matchAll(/<rect class="bar[^"]*"[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));

describe('a chart', () => {
  it('has a bar for each row and version of Node.js, with its label and its figure', () => {
    const svg = chartOf(FORM, [
      run('20.19.0', [
        { app: 'bare Express', share: 1 },
        { app: 'kapacitor-auth', share: 0.5 },
      ]),
      run('24.1.0', [{ app: 'bare Express', share: 0.8 }]),
    ]);
    expect(textsIn(svg)).toEqual([
      ...['Bars', 'bare Express', 'Node.js 20', '1.00', 'Node.js 24', '0.80'],
      ...['kapacitor-auth', 'Node.js 20', '0.50'],
    ]);
    const [full = 0, most = 0, half = 0] = widthsIn(svg);
    expect([most / full, half / full]).toEqual([expect.closeTo(0.8, 2), expect.closeTo(0.5, 2)]);
  });

  it('with several columns shows the newest version only, and says which', () => {
    const svg = chartOf({ ...FORM, columns: ['one', 'two'] }, [
      run('20.19.0', [{ app: 'a', one: 1, two: 1 }]),
      run('24.1.0', [{ app: 'a', one: 0.3, two: 0.4 }]),
    ]);
    expect(textsIn(svg)).toEqual(['Bars, Node.js 24', 'a', 'one', '0.30', 'two', '0.40']);
  });

  it('shows a spread as a line from the least to the most', () => {
    const share = { median: 0.5, least: 0.25, most: 1 };
    const svg = chartOf(FORM, [run('20.19.0', [{ app: 'a', share }])]);
    const [x = 0] = [...svg.matchAll(/<rect class="bar" x="([\d.]+)"/g)].map(([, left]) => Number(left));
    const [width = 0] = widthsIn(svg);
    const [, from, to] = /<path class="spread" d="M([\d.]+) [\d.]+H([\d.]+)/.exec(svg) ?? [];
    expect([Number(from) - x, Number(to) - x]).toEqual([expect.closeTo(width / 2, 0), expect.closeTo(width * 2, 0)]);
    expect(textsIn(svg)).toContain('0.50 (0.25 to 1.00)');
  });

  it('draws what is left of a length, and nothing backwards', () => {
    const form = { ...FORM, length: (value: number) => value - 1 };
    const svg = chartOf(form, [
      run('20.19.0', [
        { app: 'a', share: 1.5 },
        { app: 'b', share: 1 },
        { app: 'c', share: 0.9 },
      ]),
    ]);
    const [full = 0, ...others] = widthsIn(svg);
    expect(full).toBeGreaterThan(100);
    expect(others).toEqual([1, 1]);
  });

  it('has a title and a description for readers who do not see it, and no markup of its labels', () => {
    const svg = drawBars({ title: 'a < b & c', description: 'd > e', groups: [] });
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="title description">/);
    expect(svg).toContain('<title id="title">a &lt; b &amp; c</title>\n<desc id="description">d &gt; e</desc>');
  });
});

describe.each(Object.entries(MEASURES).filter(([, { chart }]) => chart !== undefined))(
  'the chart of %s',
  (name, { chart }) => {
    const svg = chartOf(chart as NonNullable<typeof chart>, readResults()[name] ?? []);
    const [light = '', dark = ''] = svg.split('@media (prefers-color-scheme: dark)');

    it.each([
      ['light', light],
      ['dark', dark],
    ])('has text and bars that stand out from its %s background', (_scheme, style) => {
      const page = colourIn(style, '.page');
      expect(contrast(colourIn(style, 'text'), page)).toBeGreaterThan(7);
      for (const bar of ['.bar', '.ours']) expect(contrast(colourIn(style, bar), page)).toBeGreaterThan(3);
    });

    it('has texts that fit into its width', () => {
      // A character of the title takes 9 units, and of the other texts 7.
      for (const [, attributes = '', text = ''] of svg.matchAll(/<text ([^>]*)>([^<]*)</g)) {
        const width = text.length * (attributes.includes('"title"') ? 9 : 7);
        const x = Number(/x="([\d.]+)"/.exec(attributes)?.[1]);
        const [from, to] = attributes.includes('text-anchor="end"') ? [x - width, x] : [x, x + width];
        expect([text, from >= 0 && to <= 720]).toEqual([text, true]);
      }
    });
  },
);

function colourIn(style: string, selector: string): string {
  const [, colour] = new RegExp(`\\s${selector.replace('.', '\\.')} \\{[^}]*fill: (#[0-9a-f]{6})`).exec(style) ?? [];
  if (colour === undefined) throw new Error(`there is no colour of ${selector}`);
  return colour;
}

/** The contrast of two colours: WCAG 2.2, 1.4.3. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
