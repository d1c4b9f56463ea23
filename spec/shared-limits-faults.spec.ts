import { type KapacitorAuth, kapacitorAuth } from 'kapacitor-auth';
import pg from 'pg';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { TableNames } from '../lib/stores/postgres/table-names.js';
import { Connection } from '../lib/stores/sqlite/connection.js';
import { MuteProxy } from './support/mute-proxy.js';
import { ownSchema, schemaOf } from './support/postgres-repository.js';
import { connect, storeFile } from './support/sqlite-repository.js';

const LIMIT = 3;
const GUESSER = '192.0.2.66';
/** Milliseconds: the counts are waited for two seconds, and the machine may have much else to do. */
const ANSWERED_WITHIN = 3_500;

/** A store that can be made to fail, after it was opened. */
interface Faulty {
  readonly store: string;
  readonly begin: () => unknown;
  readonly end: () => unknown;
  readonly reason: RegExp;
  /** Milliseconds that a login takes besides. */
  readonly delay?: number;
}

/** Another process holds the lock to write. */
function lockedFile(): Faulty {
  const file = storeFile();
  const other = () => connect(file);
  let holder: Connection | undefined;
  return {
    store: `sqlite:${file}`,
    begin: () => {
      holder = other();
      holder.execute('BEGIN IMMEDIATE');
    },
    end: () => holder?.execute('ROLLBACK'),
    reason: /no answer within 2000 ms/,
  };
}

/** Counts find no room, as on a full disk. */
function fullDisk(): Faulty {
  const all = Connection.prototype.all;
  let full: { mockRestore: () => void } | undefined;
  return {
    store: `sqlite:${storeFile()}`,
    begin: () => {
      full = vi.spyOn(Connection.prototype, 'all').mockImplementation(function (this: Connection, statement) {
        if (/^INSERT .* limits/s.test(statement.text)) {
          throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
        }
        return all.call(this, statement);
      });
    },
    end: () => full?.mockRestore(),
    reason: /database or disk is full/,
  };
}

/** Another client locks the table of counts. */
async function lockedTable(): Promise<Faulty> {
  const store = ownSchema();
  const other = new pg.Client(store.replace(/\?.*/, ''));
  await other.connect();
  onTestFinished(() => other.end());
  const { limits } = new TableNames({ schema: schemaOf(store) as string });
  return {
    store,
    begin: () => other.query(`BEGIN; LOCK TABLE ${limits} IN ACCESS EXCLUSIVE MODE`),
    end: () => other.query('ROLLBACK'),
    reason: /no answer within 1000 ms|statement timeout/,
  };
}

/** A network loses every packet. Users are served from memory meanwhile. */
async function silentNetwork(): Promise<Faulty> {
  const proxy = await MuteProxy.before(ownSchema());
  return {
    store: proxy.url,
    begin: () => proxy.mute(),
    end: () => proxy.passOnNew(),
    reason: /no answer|timeout/,
    // The user is looked up before, and then served from memory.
    delay: 1_000,
  };
}

async function startProcess(store: string): Promise<KapacitorAuth> {
  const auth = kapacitorAuth({
    auth: { store, bcryptCost: 4, failureLimit: LIMIT, storeGrace: '1m', minimumPasswordLength: 0 },
  });
  onTestFinished(() => auth.close());
  await auth.ready;
  return auth;
}

let guesses = 0;

/** `let in`, `wrong` or the code of an error, within the time that a login may take. */
async function attempt(auth: KapacitorAuth, from: string, password?: string, delay = 0): Promise<string> {
  guesses += 1;
  const began = performance.now();
  const outcome = await auth.verify({ name: 'victim', password: password ?? `guess ${guesses}` }, { from }).then(
    (user) => (user === undefined ? 'wrong' : 'let in'),
    ({ code }) => String(code),
  );
  expect(performance.now() - began).toBeLessThan(ANSWERED_WITHIN + delay);
  return outcome;
}

let warnings: string[];

beforeEach(() => {
  warnings = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((message, options) => {
    if (Object(options).code === 'KAPACITOR_AUTH_LIMITS_NOT_SHARED') warnings.push(String(message));
  });
});

describe.each([
  ['another process has the SQLite file locked', lockedFile],
  ['the disk of the SQLite file is full', fullDisk],
  ['another client has the table of counts in PostgreSQL locked', lockedTable],
  ['the network to PostgreSQL is silent', silentNetwork],
])('while %s', (_what, faulty) => {
  it('logins are answered, each process has its own limit, one warning says so; then counts are shared again', async () => {
    const { store, begin, end, reason, delay } = await faulty();
    const [one, two] = [await startProcess(store), await startProcess(store)];
    await one.users.create({ name: 'victim', password: 'correct' });
    for (const auth of [one, two]) expect(await attempt(auth, '198.51.100.7', 'correct')).toBe('let in');
    expect([await attempt(one, GUESSER), await attempt(two, GUESSER)]).toEqual(['wrong', 'wrong']);

    await begin();
    const other = '192.0.2.77';
    for (const auth of [one, two]) {
      for (let failures = 0; failures < LIMIT; failures += 1)
        expect(await attempt(auth, other, undefined, delay)).toBe('wrong');
      expect(await attempt(auth, other, undefined, delay)).toBe('THROTTLED');
      expect(await attempt(auth, '198.51.100.7', 'correct', delay)).toBe('let in');
    }
    // Each of the two middlewares warns once a minute.
    expect(warnings).toHaveLength(2);
    for (const warning of warnings) expect(warning).toMatch(reason);

    await end();
    // Each process asks again a second after the last failure.
    let fresh = 0;
    const areShared = async () => {
      fresh += 1;
      const from = `203.0.113.${fresh}`;
      for (let failures = 0; failures < LIMIT; failures += 1) await attempt(two, from, undefined, delay);
      expect(await attempt(one, from, 'correct', delay)).toBe('THROTTLED');
    };
    await vi.waitFor(areShared, { timeout: 20_000, interval: 200 });
    expect(warnings).toHaveLength(2);
  });
});
