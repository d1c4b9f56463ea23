import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PostgresServer } from '../spec/support/postgres-server.js';
import { CountedProcess, requireValgrind } from './callgrind.js';
import type { CountedApp, CountedServer } from './instructions-process.js';
import { median } from './process.js';

/** Requests until V8 has optimized all that they need. */
const WARM_UP = 4_000;
/** Requests in a sample. */
const SAMPLE = 100;
const SAMPLES = 5;
/** Processes at a time. Their instructions do not depend on each other. */
const AT_A_TIME = 2;

/** The versions that are compared, and the one that runs this. */
const MAJORS: readonly string[] = ['20', '24'];

/** An app, and the requests that it gets. */
export interface CountedCase {
  readonly app: CountedApp;
  /** Defaults to `password`. Apps without authentication ignore it. */
  readonly credential?: Credential;
  /** Defaults to `memory`. */
  readonly store?: 'memory' | 'SQLite' | 'PostgreSQL';
}

/** A row of the table. */
export interface InstructionsRow {
  readonly node: string;
  readonly app: string;
  /** Instructions of a request. */
  readonly instructions: number;
  /** To bare Express: the median of the rounds, and the least and the most. */
  readonly ratio: number;
  readonly least: number;
  readonly most: number;
}

export const BARE: CountedCase = { app: 'bare' };
const CASES: readonly CountedCase[] = [
  BARE,
  { app: 'nothing' },
  { app: 'basic-auth' },
  { app: 'kapacitor-auth', credential: 'password' },
  { app: 'kapacitor-auth', credential: 'key' },
  { app: 'kapacitor-auth', credential: 'session' },
  { app: 'kapacitor-auth', store: 'SQLite' },
  { app: 'kapacitor-auth', store: 'PostgreSQL' },
];

/**
 * Counts the instructions of a request with credentials that were verified before, and compares them with bare Express.
 * Times differ by ten percent from run to run where others use the machine, and instructions by half a percent.
 */
export async function measureInstructions(rounds: number): Promise<InstructionsRow[]> {
  const rows: InstructionsRow[] = [];
  for (const major of MAJORS) {
    const node = await nodeOf(major);
    const counts: (readonly number[])[] = [];
    for (let round = 0; round < rounds; round += 1) {
      counts.push(await countInstructions(node, CASES));
      process.stderr.write(`\rNode.js ${major}, round ${round + 1} of ${rounds}`);
    }
    process.stderr.write('\n');
    rows.push(...CASES.map((each, index) => rowOf(major, each, index, counts)));
  }
  return rows;
}

/**
 * The instructions of a request in each case. The package is bundled from its sources.
 *
 * @param node a runtime, and its major version
 * @throws Valgrind is missing
 */
export async function countInstructions(node: Runtime, cases: readonly CountedCase[]): Promise<number[]> {
  await requireValgrind();
  const folder = await build();
  const hasPostgres = cases.some(({ store }) => store === 'PostgreSQL');
  const postgres = hasPostgres ? await PostgresServer.create() : undefined;
  const counts: number[] = [];
  const waiting = cases.entries();
  const work = async () => {
    for (const [index, each] of waiting) {
      const stores = {
        memory: 'memory:',
        SQLite: `sqlite:${join(folder, `${index}.db`)}`,
        PostgreSQL: postgres?.url(),
      };
      counts[index] = await count(node, folder, each, stores[each.store ?? 'memory'] as string);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
  } finally {
    await postgres?.remove();
    rmSync(folder, { recursive: true });
  }
  return counts;
}

/** A version of Node.js. */
export interface Runtime {
  readonly path: string;
  readonly major: string;
}

/** Bundles the program where it finds the packages that are installed here. */
async function build(): Promise<string> {
  const cache = fileURLToPath(new URL('../node_modules/.cache/', import.meta.url));
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'kapacitor-auth-instructions-'));
  const pathOf = (name: string) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  // The bundler takes its time to load, and the specs of the page read the other parts of this file.
  const { bundleImplementation } = await import('../lib/build/bundle.js');
  await bundleImplementation(folder, {
    'lib/slow-clock': pathOf('slow-clock'),
    'lib/instructions-process': pathOf('instructions-process'),
  });
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  return folder;
}

async function count(
  { path, major }: Runtime,
  folder: string,
  { app, credential = 'password' }: CountedCase,
  store: string,
): Promise<number> {
  const programOf = (name: string) => join(folder, `lib/${name}.js`);
  // The package binds the clock when it is loaded.
  const program = ['--require', programOf('slow-clock'), programOf('instructions-process'), app, store];
  const { counted, told } = await CountedProcess.start<CountedServer>(path, major, program);
  try {
    const client = await Client.connect(told, credential);
    await client.send(WARM_UP);
    await counted.begin();
    const samples: number[] = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) samples.push(await counted.during(() => client.send(SAMPLE)));
    client.close();
    return Math.round(median(samples) / SAMPLE);
  } finally {
    await counted.stop();
  }
}

type Credential = 'password' | 'key' | 'session';

/** The header of a request with each kind of credentials. */
const HEADERS: Readonly<Record<Credential, (server: CountedServer) => string | Promise<string>>> = {
  password: ({ name, password }) => `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
  key: ({ key }) => `Authorization: Bearer ${key}`,
  session: async ({ port, name, password }) => {
    const signedIn = await fetch(`http://127.0.0.1:${port}/kapacitor/v1/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name, password }),
    });
    return `Cookie: ${signedIn.headers.getSetCookie()[0]?.replace(/;.*/, '')}`;
  },
};

/** Sends one request after another on one connection. */
class Client {
  readonly #socket: ReturnType<typeof connect>;
  readonly #request: string;

  private constructor(socket: ReturnType<typeof connect>, request: string) {
    this.#socket = socket;
    this.#request = request;
  }

  static async connect(server: CountedServer, credential: Credential): Promise<Client> {
    const { port } = server;
    const header = await HEADERS[credential](server);
    const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('utf8');
    await once(socket, 'connect');
    const lines = ['GET /kapacitor/v1/tasks HTTP/1.1', `Host: 127.0.0.1:${port}`, header];
    return new Client(socket, `${lines.join('\r\n')}\r\n\r\n`);
  }

  async send(requests: number): Promise<void> {
    for (let sent = 0; sent < requests; sent += 1) {
      this.#socket.write(this.#request);
      let answer = '';
      while (!answer.endsWith('}')) answer += (await once(this.#socket, 'data'))[0];
      if (!answer.startsWith('HTTP/1.1 200 ')) throw new Error(`refused: ${answer}`);
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The newest release of a version, from the registry unless it runs this. */
async function nodeOf(major: string): Promise<Runtime> {
  if (process.versions.node.startsWith(`${major}.`)) return { path: process.execPath, major };
  const folder = fileURLToPath(new URL(`../node_modules/.cache/kapacitor-auth-matrix/${major}`, import.meta.url));
  mkdirSync(folder, { recursive: true });
  const version = `node@npm:node-${process.platform}-${process.arch}@${major}`;
  await promisify(execFile)('npm', [
    'install',
    '--prefix',
    folder,
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    version,
  ]);
  return { path: join(folder, 'node_modules/node/bin/node'), major };
}

function rowOf(
  node: string,
  { app, credential = 'password', store = 'memory' }: CountedCase,
  index: number,
  rounds: readonly (readonly number[])[],
): InstructionsRow {
  const ratios = rounds.map((counts) => (counts[index] as number) / (counts[0] as number));
  const names = {
    bare: 'bare Express',
    nothing: 'a middleware that does nothing',
    'basic-auth': 'express-basic-auth, plaintext',
  };
  return {
    node,
    app: app === 'kapacitor-auth' ? `${app}, ${credential}, ${store}` : names[app],
    instructions: Math.round(median(rounds.map((counts) => counts[index] as number))),
    ratio: median(ratios),
    least: Math.min(...ratios),
    most: Math.max(...ratios),
  };
}
