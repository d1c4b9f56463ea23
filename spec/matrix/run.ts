import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pack } from '../package/consumer-project.js';
import { type Cell, runCell, runFastSpecs } from './cell.js';
import { type Consumer, EXPRESS, installConsumer } from './consumers.js';
import { installRuntime, RUNTIMES } from './runtimes.js';

/**
 * Tries the packed package on each runtime beside each version of Express, and the sources with the fast specs on each
 * Node.js. Prints a table of how it went:
 *
 *     npm run matrix
 *     npm run matrix -- --only node22,deno,express5
 *     npm run matrix -- --only node24,sources
 *
 * `--only` names runtimes, versions of Express and `sources`. It may name others than those of the matrix, such as `node25`
 * and `express5.1.0`. The exit code is 1 if anything failed.
 */
const { values } = parseArgs({ options: { only: { type: 'string' } } });
const only = values.only?.split(',') ?? [];
const SOURCES = 'sources';
const isBeside = (name: string) => name === SOURCES || name.startsWith('express');
const chosen = (all: readonly string[], named: readonly string[]) => (named.length === 0 ? all : named);
const runtimes = chosen(
  RUNTIMES,
  only.filter((name) => !isBeside(name)),
);
const beside = chosen([...EXPRESS, SOURCES], only.filter(isBeside));

const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-matrix-'));
try {
  const results = await runMatrix();
  console.log(`\n${table(results)}`);
  if (results.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function runMatrix(): Promise<Cell[]> {
  const consumers = await installConsumers(beside.filter((name) => name !== SOURCES));
  const results: Cell[] = [];
  for (const wanted of runtimes) {
    const runtime = await installRuntime(wanted);
    for (const consumer of consumers) results.push(report(await runCell(runtime, consumer)));
    if (runtime.name === 'node' && beside.includes(SOURCES)) results.push(report(await runFastSpecs(runtime)));
  }
  return results;
}

async function installConsumers(versions: readonly string[]): Promise<Consumer[]> {
  if (versions.length === 0) return [];
  const packed = await pack(folder);
  const consumers: Consumer[] = [];
  for (const version of versions) consumers.push(await installConsumer(folder, packed, version));
  return consumers;
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
