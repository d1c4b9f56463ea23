import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isBuilt } from '../support/built.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONSUMERS = fileURLToPath(new URL('./consumers', import.meta.url));
/** Milliseconds, for npm and the compiler. */
export const DONE_WITHIN = 120_000;
/** Milliseconds, for a consumer: one that does not end by itself is killed, and its test fails. */
const END_WITHIN = 20_000;
/** This runtime has no SQLite of its own: the store needs the package better-sqlite3. */
export const NEEDS_BETTER_SQLITE3: boolean = !isBuiltin('node:sqlite');

/** The output of `npm pack --json` for a package. */
export interface Packed {
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes. */
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** A small project of somebody's who uses the package. */
export interface ConsumerProject {
  /** The version of Express. */
  readonly major: number;
  /** The version of Express. */
  readonly express: string;
  /** The version of Express's types. */
  readonly types: string;
  readonly folder: string;
}

/** One project with each version of Express, in this folder. */
export function consumerProjects(folder: string): readonly ConsumerProject[] {
  return [
    { major: 5, express: versionOf('express'), types: versionOf('@types/express') },
    { major: 4, express: versionOf('express4'), types: versionOf('types-express4') },
  ].map((project) => ({ ...project, folder: join(folder, `express${project.major}`) }));
}

/**
 * Packs what is built, without the package's own `prepack`, which would build the same once more.
 *
 * @throws Error if the build is older than the sources
 */
export async function pack(folder: string): Promise<Packed> {
  if (!isBuilt()) throw new Error('the package is packed from what is built: npm run build');
  const stdout = await execute('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT);
  const [one] = JSON.parse(stdout) as [Packed];
  return one;
}

/** Installs the package and the peers that this runtime needs, as the project's owner would. */
export async function install({ folder, express, types }: ConsumerProject, { filename }: Packed): Promise<void> {
  mkdirSync(folder);
  cpSync(CONSUMERS, folder, { recursive: true });
  const dependencies = {
    'kapacitor-auth': `file:../${filename}`,
    express,
    '@types/express': types,
    '@types/node': versionOf('@types/node'),
    typescript: versionOf('typescript'),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  await execute('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], folder);
  // The one that is here has been compiled, which takes more than a minute.
  if (NEEDS_BETTER_SQLITE3) linkPackages(['better-sqlite3'], folder);
}

/**
 * Runs a program of a consumer's, and gives what it printed.
 *
 * @param said what it writes to standard error, where warnings would be. Defaults to nothing
 * @param within milliseconds. Defaults to {@link END_WITHIN}
 */
export async function runConsumer(
  [program, ...args]: readonly [string, ...string[]],
  cwd: string,
  said = '',
  within: number = END_WITHIN,
): Promise<string> {
  const { stdout, stderr } = await start(program, args, cwd, within);
  if (stderr !== said) throw new Error(`${[program, ...args].join(' ')} wrote to standard error:\n${stderr}`);
  return stdout;
}

/** Runs a program, and gives what it wrote. Compilers write what is wrong to the standard output, so errors tell it. */
export async function execute(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await start(program, args, cwd, DONE_WITHIN);
  return stdout;
}

/** The output of a program. */
interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

async function start(program: string, args: readonly string[], cwd: string, timeout: number): Promise<Output> {
  // Programs that begin with `#!/usr/bin/env node` have the same runtime.
  const env = { ...process.env, PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter) };
  try {
    return await promisify(execFile)(program, args, { cwd, env, timeout });
  } catch (error) {
    const { message, stdout } = error as Error & { readonly stdout?: string };
    throw new Error(`${message}\n${stdout ?? ''}`, { cause: error });
  }
}

/** Puts packages into a folder's `node_modules` that are installed in another's. Defaults to this package's own. */
export function linkPackages(names: readonly string[], folder: string, from: string = ROOT): void {
  for (const name of names) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(from, 'node_modules', name), link, 'junction');
  }
}

/** The installed version. Defaults to the one that this package's own specs use, which is at hand. */
export function versionOf(name: string, folder: string = ROOT): string {
  return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
}
