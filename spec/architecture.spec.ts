import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const LIB = fileURLToPath(new URL('../lib', import.meta.url));

/** The rooms that the files of each room may import from, besides their own and the ground floor. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  request: [],
  users: ['request'],
  stores: ['users'],
  contract: ['stores', 'users', 'wiring'],
  authentication: ['request', 'users'],
  authorization: ['request', 'users'],
  http: ['request', 'users', 'authentication', 'authorization'],
  observe: ['request', 'users'],
  config: ['request', 'users', 'stores', 'authorization'],
  transfer: ['users'],
  gateway: ['request', 'users', 'http', 'wiring'],
  cli: ['users', 'stores', 'authorization', 'authentication', 'config', 'observe', 'transfer', 'gateway', 'wiring'],
  build: ['config'],
  esm: ['entries', 'contract'],
};

/** Files at the root: what every room may use, what puts the rooms together, and what the package exports. */
const ROOT_FILES: Readonly<Record<string, readonly string[]>> = {
  ground: [
    'argument-checks',
    'clock',
    'duplicate-members',
    'duration',
    'errors',
    'optional-package',
    'promises',
    'put-in-place',
    'require-package',
    'runtime',
    'safe-text',
    'sign-in-texts',
    'warnings',
  ],
  wiring: [
    'api',
    'app-events',
    'endpoints',
    'expose-api',
    'kapacitor-auth',
    'secret-management',
    'sign-in',
    'user-management',
  ],
  entries: ['index', 'postgres'],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .sort();
const imports: readonly Import[] = files.flatMap((from) =>
  [...read(from).matchAll(/from '(\.[^']+\.c?js)'/g)].map(([, path = '']) => ({
    from,
    to: relative(LIB, join(LIB, dirname(from), path)).replace(/\.js$/, '.ts'),
  })),
);

function read(file: string): string {
  return readFileSync(join(LIB, file), 'utf8');
}

function roomOf(file: string): string {
  if (file.startsWith('stores/contract/')) return 'contract';
  const [room = ''] = file.split('/');
  if (room in ROOMS) return room;
  const name = room.replace(/\..*/, '');
  return Object.keys(ROOT_FILES).find((kind) => ROOT_FILES[kind]?.includes(name)) ?? `unknown (${file})`;
}

function mayImport(from: string, to: string): boolean {
  if (from === to || to === 'ground') return true;
  if (from === 'ground') return false;
  return from === 'wiring' || from === 'entries' || ROOMS[from]?.includes(to) === true;
}

describe('the library', () => {
  it('has imports in one direction only', () => {
    const against = imports.filter(({ from, to }) => !mayImport(roomOf(from), roomOf(to)));
    expect(against.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('has no circle of imports', () => {
    const left = new Set(files);
    const isTied = ({ from, to }: Import) => from !== to && left.has(from) && left.has(to);
    // Files that import no other file, or that no other file imports, are in no circle. Without them, others are not either.
    for (let size = -1; size !== left.size; ) {
      size = left.size;
      const tied = imports.filter(isTied);
      for (const file of left) {
        if (!tied.some(({ from }) => from === file) || !tied.some(({ to }) => to === file)) left.delete(file);
      }
    }
    expect([...left]).toEqual([]);
  });

  it('has no file over 300 lines', () => {
    const long = files.filter((file) => read(file).split('\n').length > 301);
    expect(long).toEqual([]);
  });
});
