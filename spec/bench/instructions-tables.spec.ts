import { expect, it } from 'vitest';
import { instructionsMeasure } from '../../bench/instructions-tables.js';
import { runsOf } from '../../bench/results.js';
import { sectionOf } from '../../bench/section.js';

it('the section of the instructions has the versions of Node.js beside one another', async () => {
  const measure = instructionsMeasure(async () => [
    { node: '20', app: 'bare Express', instructions: 551_000, ratio: 1, least: 1, most: 1 },
    { node: '20', app: 'kapacitor-auth', instructions: 590_000, ratio: 1.071, least: 1.07, most: 1.0724 },
    { node: '24', app: 'bare Express', instructions: 300_000, ratio: 1, least: 1, most: 1 },
  ]);
  const conditions = { node: '20.19.0', rounds: 3, cores: 2, date: '2026-01-02' };
  const runs = runsOf(await measure.measure(3), conditions);
  expect(sectionOf('instructions', measure, runs).replace(/ +/g, ' ').split('\n')).toEqual([
    expect.stringMatching(/^!\[.*\]\(images\/bench-instructions\.svg\)$/),
    '',
    '- Node.js 20, 2 cores, 3 rounds, 2026-01-02',
    '- Node.js 24, 2 cores, 3 rounds, 2026-01-02',
    '',
    '| app | instructions, Node.js 20 | instructions, Node.js 24 | relative to bare Express, Node.js 20 | relative to bare Express, Node.js 24 |',
    expect.stringMatching(/^\|[- |]+\|$/),
    '| bare Express | 551,000 | 300,000 | 1.000 | 1.000 |',
    '| kapacitor-auth | 590,000 | | 1.071 (1.070 to 1.072) | |',
    '',
  ]);
});
