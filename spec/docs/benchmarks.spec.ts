import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('docs/benchmarks.md has a row and a section for each measure of `npm run bench`', () => {
  const measures = [...read('bench/run.ts').matchAll(/^ {2}'?([\w-]+)'?: \(\) => measure/gm)].map(([, name]) => name);
  expect(measures).toContain('throughput');
  const page = read('docs/benchmarks.md');
  for (const name of measures) {
    expect(page).toMatch(new RegExp(`^\\| \\[\`${name}\`\\]\\(#${name}\\) `, 'm'));
    expect(page).toContain(`\n\`npm run bench -- --only ${name}`);
  }
});
