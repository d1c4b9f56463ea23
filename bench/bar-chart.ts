/** A bar. `least` and `most` are the ends of a thin line that shows a spread. */
export interface Bar {
  readonly label: string;
  readonly length: number;
  readonly least?: number;
  readonly most?: number;
  /** Stands behind the bar. */
  readonly text: string;
}

export interface BarChart {
  readonly title: string;
  readonly description: string;
  readonly groups: readonly { readonly label: string; readonly isOurs: boolean; readonly bars: readonly Bar[] }[];
}

const WIDTH = 720;
const MARGIN = 16;
const TITLE = 40;
/** The heights of a group's label, of a bar with the gap below it, and of the gap below a group. */
const LABEL = 20;
const BAR = 20;
const GAP = 10;
/** The most that a character of a label is wide, in any usual font of this size. */
const CHARACTER = 7;

/** The colours that GitHub has for text and graphics, with and without a dark scheme. An image does not know the page around it, and so it has a background. */
const STYLE = `
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .group { font-weight: 600 }
  .page { fill: #ffffff }
  .bar { fill: #818b98 }
  .ours { fill: #0969da }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .page { fill: #0d1117 }
    .bar { fill: #7d8590 }
    .ours { fill: #4493f8 }
    .spread { stroke: #f0f6fc }
  }
`;

/** Draws groups of horizontal bars that begin at 0. Each bar has its label and its value beside it. */
export function drawBars({ title, description, groups }: BarChart): string {
  const bars = groups.flatMap((group) => group.bars);
  const longest = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length)) * CHARACTER;
  const left = MARGIN + longest(bars.map(({ label }) => label)) + (bars.some(({ label }) => label !== '') ? 8 : 0);
  const room = WIDTH - MARGIN - left - 8 - longest(bars.map(({ text }) => text));
  const scale = room / Math.max(...bars.map(({ length, most }) => Math.max(length, most ?? 0)));

  let y = TITLE;
  const drawn = groups.map(({ label, isOurs, bars }) => {
    const lines = [`<text class="group" x="${MARGIN}" y="${y + 14}">${escaped(label)}</text>`];
    y += LABEL;
    for (const bar of bars) {
      lines.push(...drawBar(bar, isOurs ? 'bar ours' : 'bar', left, y, scale));
      y += BAR;
    }
    y += GAP;
    return lines.join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(description)}</desc>
<style>${STYLE}</style>
<rect class="page" width="${WIDTH}" height="${y}"/>
<text class="title" x="${MARGIN}" y="26">${escaped(title)}</text>
${drawn.join('\n')}
</svg>
`;
}

function drawBar({ label, length, least, most, text }: Bar, name: string, left: number, y: number, scale: number) {
  const at = (value: number) => Number((left + value * scale).toFixed(1));
  // A bar of nothing is still seen.
  const width = Number(Math.max(1, length * scale).toFixed(1));
  const middle = y + (BAR - 4) / 2;
  const lines = [`<rect class="${name}" x="${left}" y="${y}" width="${width}" height="${BAR - 4}"/>`];
  if (label !== '') lines.push(`<text x="${left - 8}" y="${y + 12}" text-anchor="end">${escaped(label)}</text>`);
  if (least !== undefined && most !== undefined) {
    const [from, to] = [at(least), at(most)];
    const ends = [from, to].map((x) => `M${x} ${middle - 4}v8`).join('');
    lines.push(`<path class="spread" d="M${from} ${middle}H${to}${ends}"/>`);
  }
  const end = at(Math.max(length, most ?? 0));
  lines.push(`<text x="${end + 8}" y="${y + 12}">${escaped(text)}</text>`);
  return lines;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
