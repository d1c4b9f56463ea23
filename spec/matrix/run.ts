import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pack } from '../package/consumer-project.js';
import { type Cell, runCell, runFastSpecs } from './cell.js';
import { type Consumer, EXPRESS, installConsumer } from './consumers.js';
import { installRuntime, RUNTIMES } from './runtimes.js';

/**
 * Tries the packed package on each runtime beside each version of Express, and prints a table of how it went:
 *
 *     npm run matrix
 *     npm run matrix -- --only node22,deno,express5
 *
 * `--only` names runtimes, versions of Express, or both, and may name others than those of the matrix, such as `node25` and
 * `express5.1.0`. The exit code is 1 if anything failed.
 */
const { values } = parseArgs({ options: { only: { type: 'string' } } });
const only = values.only?.split(',') ?? [];
const isExpress = (name: string) => name.startsWith('express');
const chosen = (all: readonly string[], named: readonly string[]) => (named.length === 0 ? all : named);
const runtimes = chosen(
  RUNTIMES,
  only.filter((name) => !isExpress(name)),
);
const versions = chosen(EXPRESS, only.filter(isExpress));

const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-matrix-'));
try {
  const results = await runMatrix();
  console.log(`\n${table(results)}`);
  if (results.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

async function runMatrix(): Promise<Cell[]> {
  console.log('packing …');
  const packed = await pack(folder);
  const consumers: Consumer[] = [];
  for (const version of versions) consumers.push(await installConsumer(folder, packed, version));
  const results: Cell[] = [];
  for (const wanted of runtimes) {
    const runtime = await installRuntime(wanted);
    if (runtime.name === 'node') results.push(report(await runFastSpecs(runtime)));
    for (const consumer of consumers) results.push(report(await runCell(runtime, consumer)));
  }
  return results;
}

/** Prints how a cell went at once, with the output of what failed. */
function report(cell: Cell): Cell {
  const { runtime, beside, failures, seconds } = cell;
  console.log(`${runtime}, ${beside}: ${outcomeOf(cell)} after ${seconds} s`);
  for (const { name, output } of failures) console.log(`\n--- ${name} on ${runtime}, ${beside}\n${output}\n---\n`);
  return cell;
}

function outcomeOf({ failures }: Cell): string {
  return failures.length === 0 ? 'passed' : `failed: ${failures.map(({ name }) => name).join(', ')}`;
}

/** The table in Markdown, for the documentation. */
function table(cells: readonly Cell[]): string {
  const rows = cells.map((cell) => [cell.runtime, cell.beside, cell.programs || '', cell.tests || '', outcomeOf(cell)]);
  const lines = [['Runtime', 'Beside', 'Programs', 'Tests', 'Result'], Array(5).fill('---'), ...rows];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}
