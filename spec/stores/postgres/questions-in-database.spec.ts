import type { StoredUser } from 'kapacitor-auth';
import pg from 'pg';
import { expect, it } from 'vitest';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import {
  openPostgres,
  ownPool,
  ownSchema,
  psql,
  recordingPool,
  schemaOf,
  usersTable,
} from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

type Which = (text: string, rows: readonly unknown[]) => boolean;

const aUser: Which = (text) => /WHERE name = \$1$/.test(text);
const aLook: Which = (text) => text.includes('unnest');
const aLookThatFinds: Which = (text, rows) => aLook(text, rows) && rows.length > 0;

/** A pool whose clients hold back an answer until the spec lets it go, and tell when they hear something. */
function holdingPool(url: string) {
  let holdBack: { which: Which; hold: () => Promise<void> } | undefined;
  let hear: () => void = () => {};
  class HoldingClient extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super(config);
      this.on('notification', () => hear());
    }
    override async query(...asked: any[]): Promise<any> {
      const answer = await super.query(...(asked as [any]));
      if (holdBack?.which(asked[0].text, answer.rows)) {
        const { hold } = holdBack;
        holdBack = undefined;
        await hold();
      }
      return answer;
    }
  }
  const holdNext = (which: Which) => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const answered = new Promise<void>((resolve) => {
      const hold = () => {
        resolve();
        return released;
      };
      holdBack = { which, hold };
    });
    return { answered, release };
  };
  const heard = () =>
    new Promise<void>((resolve) => {
      hear = resolve;
    });
  return { pool: ownPool(url, { Client: HoldingClient }), holdNext, heard };
}

/** A repository with somebody in it, whose answers can be held back, and somebody with psql beside it. */
async function openHolding() {
  const url = ownSchema();
  const { pool, ...holding } = holdingPool(url);
  const repository = await openPostgres(pool, { schema: schemaOf(url) });
  await repository.insert(userNamed('someone'));
  const run = (text: string) => psql(url, text.replaceAll('USERS', usersTable(url)));
  return { repository, run, ...holding };
}

it.each([
  ['the user', `UPDATE USERS SET enabled = false WHERE name = 'someone'`],
  ['so many that it is told as one of everybody', 'UPDATE USERS SET enabled = false'],
])(
  'an answer that was under way when a change of %s was heard of is neither remembered nor shared',
  async (_of, change) => {
    const { repository, run, holdNext, heard } = await openHolding();
    await run(`INSERT INTO USERS (name, hash) SELECT 'user' || i, '' FROM generate_series(1, 200) AS i`);
    const { answered, release } = holdNext(aUser);
    const before = repository.find('someone');
    await answered;
    const hearing = heard();
    await run(change);
    await hearing;
    expect(await repository.find('someone')).toMatchObject({ enabled: false });
    release();
    expect(await before).toMatchObject({ enabled: true });
    expect(await repository.find('someone')).toMatchObject({ enabled: false });
  },
);

it('a change that nobody tells of is in force within a second, even while a look does not come back', async () => {
  const { repository, run, holdNext } = await openHolding();
  await run('ALTER TABLE USERS DISABLE TRIGGER ALL');
  await repository.find('someone');
  const { answered, release } = holdNext(aLook);
  await answered;
  await run('UPDATE USERS SET enabled = false');
  const changedAt = performance.now();
  let lastWrong = changedAt;
  const isEnabled = async () => {
    const askedAt = performance.now();
    const user = (await repository.find('someone')) as StoredUser;
    if (user.enabled) lastWrong = askedAt;
    return user.enabled;
  };
  await expect.poll(isEnabled, { interval: 1, timeout: 2_000 }).toBe(false);
  expect(lastWrong - changedAt).toBeLessThan(1_000);
  release();
});

it('a look that comes back late does not take away who has been read anew meanwhile', async () => {
  const { repository, run, holdNext } = await openHolding();
  await run('ALTER TABLE USERS DISABLE TRIGGER ALL');
  await repository.find('someone');
  const late = holdNext(aLookThatFinds);
  await run('UPDATE USERS SET enabled = false');
  await late.answered;
  // Whoever changes a user here has it read anew, also when it comes to nothing.
  expect(await repository.replace(userNamed('someone', { revision: '2' }), 'another')).toBe('conflict');
  const anew = await repository.find('someone');
  expect(anew).toMatchObject({ enabled: false });
  const next = holdNext(aLook);
  late.release();
  await next.answered;
  expect(repository.find('someone')).toBe(anew);
  next.release();
});

it('a list of at most nobody asks for no names', async () => {
  const url = ownSchema();
  const { pool, sent } = recordingPool(url);
  const repository = await openPostgres(pool, { schema: schemaOf(url) });
  await repository.insert(userNamed('someone'));
  sent.length = 0;
  expect(await repository.list({ pattern: new NamePattern('*e'), after: undefined, offset: 0, limit: 0 })).toEqual([]);
  expect(sent.filter(({ text }) => text.includes('kapacitor_auth_users'))).toEqual([]);
});
