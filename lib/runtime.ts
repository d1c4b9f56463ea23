import { ConfigError } from './errors.js';

/** The earliest version of each line of Node.js, and of all later lines: `engines` in package.json. */
export const EARLIEST: readonly (readonly [major: number, minor: number])[] = [
  [20, 19],
  [22, 13],
];

type Versions = NodeJS.Dict<string>;

/**
 * Bun and Deno name the version of Node.js that they are compatible with.
 *
 * @throws {ConfigError} names the versions that the package runs on, and this one
 */
export function requireRuntime(versions: Versions = process.versions): void {
  const [major = 0, minor = 0] = String(versions['node']).split('.').map(Number);
  const [, last] = EARLIEST as [unknown, readonly [number, number]];
  const isOfLine = EARLIEST.some(([line, earliest]) => major === line && minor >= earliest);
  if (isOfLine || major > last[0]) return;
  throw new ConfigError(
    `kapacitor-auth needs Node.js 20.19 or a later 20, or 22.13 or later: this is ${runtimeName(versions)}`,
  );
}

/** Such as `Node.js 22.13.0` and `Bun 1.4.5`. */
export function runtimeName(versions: Versions = process.versions): string {
  const { bun, deno, node } = versions;
  if (bun !== undefined) return `Bun ${bun}`;
  return deno === undefined ? `Node.js ${node}` : `Deno ${deno}`;
}
