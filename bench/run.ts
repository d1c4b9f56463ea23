import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { writeDocuments } from './documents.js';
import { MEASURES } from './measures.js';
import { readResults, runsOf, storeResults, withRuns } from './results.js';
import { tablesOf } from './section.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    note: { type: 'string' },
  },
});
const wanted = Number(values.rounds);
if (!(Number.isInteger(wanted) && wanted > 0))
  throw new Error(`--rounds ${values.rounds}: a number from 1 on is needed`);
const names = values.only?.split(',') ?? Object.keys(MEASURES);
const unknown = names.find((name) => !Object.hasOwn(MEASURES, name));
if (unknown !== undefined) throw new Error(`--only ${unknown}: there are ${Object.keys(MEASURES).join(', ')}`);

for (const [name, measure] of Object.entries(MEASURES)) {
  if (!names.includes(name)) continue;
  const rounds = Math.min(wanted, measure.mostRounds ?? wanted);
  const tables = await measure.measure(rounds);
  const runs = runsOf(tables, {
    node: process.versions.node,
    rounds,
    cores: availableParallelism(),
    date: new Date().toISOString().slice(0, 10),
    ...(values.note !== undefined && { note: values.note }),
  });
  console.log(`\n## ${name}\n\n${tablesOf(measure, runs)}`);
  if (!values.write) continue;
  storeResults(withRuns(readResults(), name, runs));
  writeDocuments();
}
