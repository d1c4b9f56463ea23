import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONSUMERS = fileURLToPath(new URL('./consumers', import.meta.url));
/** Milliseconds, for npm and the compiler. */
export const DONE_WITHIN = 120_000;
/** Milliseconds, for a consumer: one that does not end by itself is killed, and its test fails. */
export const END_WITHIN = 20_000;

/** What `npm pack --json` says of a package. */
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
  /** Of Express. */
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
 * Packs a copy, which the package's own `prepack` builds: what is in the tarball are the sources as they are now, and
 * whoever uses the folder `dist` meanwhile keeps it.
 */
export async function pack(folder: string): Promise<Packed> {
  const copy = join(folder, 'copy');
  const isSource = (path: string) => !/^(\..*|node_modules|dist|coverage)$/.test(basename(path));
  cpSync(ROOT, copy, { recursive: true, filter: (path) => path === ROOT || isSource(path) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  const stdout = await execute('npm', ['pack', '--json', '--pack-destination', folder], copy);
  const [one] = JSON.parse(stdout) as [Packed];
  return one;
}

/** Installs the package and its peers, as the project's owner would. */
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
}

/** Runs a program, and gives what it wrote. Compilers write what is wrong to the standard output, so errors tell it. */
export async function execute(
  program: string,
  args: readonly string[],
  cwd: string,
  timeout: number = DONE_WITHIN,
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd, timeout });
    return stdout;
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

/** The version that this package's own specs use, which is at hand. */
function versionOf(name: string): string {
  return JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version;
}
