import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute, type Packed, runConsumer, versionOf } from '../package/consumer-project.js';
import type { Runtime } from './runtimes.js';

/** The earliest and the newest version of each line. */
export const EXPRESS: readonly string[] = ['express4.18.0', 'express4', 'express5.0.0', 'express5'];

/** The programs, by their names. Each ends by itself, and fails if an answer is wrong. */
export const PROGRAMS: readonly string[] = [
  'quick-start',
  'users-api',
  'keys',
  'sessions',
  'embedded-store',
  'upgrades',
];

/** Milliseconds, for a program on a busy machine. */
const END_WITHIN = 60_000;

const FILES = fileURLToPath(new URL('./programs', import.meta.url));

/** A project with the packed package and one version of Express. */
export interface Consumer {
  readonly folder: string;
  /** Such as `5.3.0`. */
  readonly express: string;
}

/**
 * Installs the packed package and Express, as the project's owner would.
 *
 * @param parent the folder with the tarball
 * @param wanted such as `express4.18.0`. `express4` is the newest of the line
 */
export async function installConsumer(parent: string, { filename }: Packed, wanted: string): Promise<Consumer> {
  const [, version] = /^express(\d+(?:\.\d+)*)$/.exec(wanted) ?? [];
  if (version === undefined) throw new Error(`there is no ${wanted}: write express4, express5 or express5.1.0`);
  const folder = join(parent, wanted);
  mkdirSync(folder);
  const dependencies = { 'kapacitor-auth': `file:../${filename}`, express: version };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  await execute('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], folder);
  return { folder, express: versionOf('express', folder) };
}

/** Runs a program in a folder of its own, so that it finds no store of another one. */
export async function runProgram(program: string, { folder }: Consumer, runtime: Runtime): Promise<void> {
  const name = `${program} on ${runtime.title}`.replace(/[^\w.]+/g, '-');
  const own = join(folder, 'runs', name);
  cpSync(FILES, own, { recursive: true });
  await runConsumer([runtime.binary, ...runtime.args, `${program}.mjs`], own, '', END_WITHIN);
}
