import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import bcrypt from 'bcrypt';
import { type KapacitorUser, writeKapacitorDatabase } from '../spec/support/bolt-writer.js';
import { PostgresServer } from '../spec/support/postgres-server.js';
import { decimals, type Measure, type Tables, whole } from './measure.js';
import { median } from './process.js';

const USERS = 100_000;

const BINARY = fileURLToPath(new URL('../dist/lib/cli/bin.js', import.meta.url));
/** Reports at its end how much memory the process used. The system's own figure includes that of its parent. */
const TELL_MEMORY = `data:text/javascript,import { writeSync } from 'node:fs';
  let most = 0;
  const look = () => { most = Math.max(most, process.memoryUsage.rss()); };
  setInterval(look, 20).unref();
  process.on('exit', () => { look(); writeSync(3, String(most)); });`;

interface Measured {
  readonly seconds: number;
  /** The peak of the whole process. */
  readonly mebibytes: number;
}

export const IMPORT: Measure = {
  about: 'The import of 100,000 users.',
  mostRounds: 3,
  measure: measureImport,
  tables: { stores: { columns: { seconds: decimals(1), 'memory of the process, MiB': whole } } },
};

/** Measures the import of the users of a large Kapacitor, in alternating rounds. */
async function measureImport(rounds: number): Promise<Tables> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-bench-'));
  const postgres = await PostgresServer.create();
  try {
    const file = join(folder, 'kapacitor.db');
    process.stderr.write(`writing a Kapacitor database with ${USERS} users\n`);
    writeKapacitorDatabase(file, users(await bcrypt.hash('pw', 4)));
    const results = new Map<string, Measured[]>([
      ['SQLite', []],
      ['PostgreSQL', []],
    ]);
    for (let round = 0; round < rounds; round += 1) {
      for (const [store, measured] of results) {
        const url =
          store === 'SQLite' ? `sqlite:${join(folder, `${round}.db`)}` : `${postgres.url()}?table=round${round}`;
        measured.push(await importInto(url, file));
      }
    }
    return {
      stores: [...results].map(([store, measured]) => ({
        import: `into ${store}`,
        seconds: median(measured.map(({ seconds }) => seconds)),
        'memory of the process, MiB': median(measured.map(({ mebibytes }) => mebibytes)),
      })),
    };
  } finally {
    await postgres.remove();
    rmSync(folder, { recursive: true });
  }
}

/** All users have the same hash, because the measurement does not depend on it. */
function* users(hash: string): Generator<KapacitorUser> {
  for (let index = 0; index < USERS; index += 1) {
    const name = `user${String(index).padStart(7, '0')}`;
    yield { name, type: index === 0 ? 'admin' : 'normal', permissions: index === 0 ? [] : ['api'], hash };
  }
}

/** Runs the installed command in a process of its own. */
async function importInto(store: string, file: string): Promise<Measured> {
  const from = performance.now();
  const child = spawn(process.execPath, ['--import', TELL_MEMORY, BINARY, 'import', file, '--store', store], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const bytes = Number(await text(child.stdio[3] as Readable));
  if (!(bytes > 0)) throw new Error('the import did not come to its end');
  return { seconds: (performance.now() - from) / 1_000, mebibytes: bytes / 2 ** 20 };
}
