import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NEEDS_BETTER_SQLITE3 } from '../package/consumer-project.js';

/** The lines of Node.js that are maintained, the earliest version of the first one, and the other runtimes. */
export const RUNTIMES: readonly string[] = ['node20.19.0', 'node22', 'node24', 'node26', 'bun', 'deno'];

/** A runtime that is installed. */
export interface Runtime {
  readonly name: RuntimeName;
  /** Such as `Node.js 24.22.3`. */
  readonly title: string;
  /** The path of its binary. */
  readonly binary: string;
  /** The arguments before the file of a program. */
  readonly args: readonly string[];
  /** It has no SQLite of its own. */
  readonly needsBetterSqlite3: boolean;
}

export type RuntimeName = 'node' | 'bun' | 'deno';

interface Kind {
  readonly title: string;
  /** The name of the package that npm installs, without the version. */
  readonly specifier: string;
  /** The path of the binary in `node_modules`. */
  readonly binary: string;
  readonly args: readonly string[];
}

/** better-sqlite3 in `node_modules` was built for the Node.js that runs this. */
const ABI_OF_NODE_20 = '115';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(ROOT, 'node_modules/.cache/kapacitor-auth-matrix');

/** @throws There are no such packages for this platform. */
function kinds(): Readonly<Record<RuntimeName, Kind>> {
  const { platform, arch } = process;
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
    throw new Error(
      `the matrix installs its runtimes for Linux on x64 or arm64 with glibc: this is ${platform} on ${arch}`,
    );
  }
  const bun = `@oven/bun-linux-${arch === 'x64' ? 'x64' : 'aarch64'}`;
  const deno = `@deno/linux-${arch}-glibc`;
  return {
    node: { title: 'Node.js', specifier: `node@npm:node-linux-${arch}`, binary: 'node/bin/node', args: [] },
    bun: { title: 'Bun', specifier: bun, binary: `${bun}/bin/bun`, args: [] },
    deno: { title: 'Deno', specifier: deno, binary: `${deno}/deno`, args: ['run', '--allow-all'] },
  };
}

/**
 * Installs a runtime from the registry, unless it is in `node_modules/.cache` already.
 *
 * @param wanted a name and a version, such as `node22` and `bun1.4.0`. Without a version it is the newest
 */
export async function installRuntime(wanted: string): Promise<Runtime> {
  const [, name, version] = /^(node|bun|deno)(\d+(?:\.\d+)*)?$/.exec(wanted) ?? [];
  if (name === undefined) throw new Error(`there is no runtime ${wanted}: write node22, node20.19.0, bun or deno2.4.0`);
  const { specifier } = kinds()[name as RuntimeName];
  const folder = join(CACHE, wanted);
  mkdirSync(folder, { recursive: true });
  const options = ['--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', ['install', ...options, `${specifier}@${version ?? 'latest'}`]);
  return installedRuntime(name as RuntimeName, folder);
}

/**
 * The runtime in a folder's `node_modules`.
 *
 * @param folder defaults to the repository, where `npm ci` installs Bun and Deno
 */
export async function installedRuntime(name: RuntimeName, folder: string = ROOT): Promise<Runtime> {
  const kind = kinds()[name];
  const binary = join(folder, 'node_modules', kind.binary);
  // Some packages leave this to a script.
  chmodSync(binary, 0o755);
  const { stdout } = await promisify(execFile)(binary, ['--version']);
  const [version = ''] = /\d+\.\d+\.\d+/.exec(stdout) ?? [];
  const needsBetterSqlite3 = name === 'node' && version.startsWith('20.');
  if (needsBetterSqlite3 && process.versions.modules !== ABI_OF_NODE_20) {
    throw new Error(
      `Node.js ${version} needs a better-sqlite3 that was built for it: run npm ci and the matrix with Node.js 20`,
    );
  }
  return { name, title: `${kind.title} ${version}`, binary, args: kind.args, needsBetterSqlite3 };
}

/** The one that runs this. */
export const THIS_RUNTIME: Runtime = {
  name: 'node',
  title: `Node.js ${process.versions.node}`,
  binary: process.execPath,
  args: [],
  needsBetterSqlite3: NEEDS_BETTER_SQLITE3,
};
