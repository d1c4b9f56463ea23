import type { StoredUser } from 'kapacitor-auth';
import pg from 'pg';
import { expect, it } from 'vitest';
import { QueriesInFlight, type SentQuery } from '../../../lib/stores/postgres/queries-in-flight.js';
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

/** Queries that the spec answers. */
function createQuestions() {
  const questions = new QueriesInFlight<string>();
  const ask = (name: string) => {
    let question = undefined as unknown as SentQuery;
    let resolve: (answer: string) => void = () => {};
    let reject: (error: Error) => void = () => {};
    const promise = new Promise<string>((...settle) => {
      [resolve, reject] = settle;
    });
    const answer = questions.send(name, 1, (put) => {
      question = put;
      return promise;
    });
    return { question, answer, resolve, reject };
  };
  return { questions, ask };
}

it('no query is in flight for a name before it is sent, or after it is answered', async () => {
  const { questions, ask } = createQuestions();
  expect(questions.latest('someone')).toBeUndefined();
  const { answer, resolve } = ask('someone');
  expect(questions.latest('someone')).toBe(answer);
  expect(questions.latest('other')).toBeUndefined();
  resolve('answer');
  expect(await answer).toBe('answer');
  expect(questions.latest('someone')).toBeUndefined();
});

it('a query that was sent before a point in time does not count from then on', async () => {
  const { questions, ask } = createQuestions();
  const { answer, resolve } = ask('someone');
  expect(questions.latest('someone', 1)).toBe(answer);
  expect(questions.latest('someone', 2)).toBeUndefined();
  resolve('answer');
  await answer;
});

it('a failed query is no longer in flight', async () => {
  const { questions, ask } = createQuestions();
  const { answer, reject } = ask('someone');
  reject(new Error('no answer'));
  await expect(answer).rejects.toThrow('no answer');
  expect(questions.latest('someone')).toBeUndefined();
});

it('the latest of several queries is the one that was sent last', async () => {
  const { questions, ask } = createQuestions();
  const [first, second] = [ask('someone'), ask('someone')];
  expect(questions.latest('someone')).toBe(second.answer);
  second.resolve('second');
  await second.answer;
  expect(questions.latest('someone')).toBeUndefined();
  first.resolve('first');
  await first.answer;
});

it('an answer outdates earlier queries, and not later ones', async () => {
  const { questions, ask } = createQuestions();
  const [first, second, third] = [ask('someone'), ask('someone'), ask('someone')];
  const other = ask('other');
  second.resolve('second');
  await second.answer;
  expect([first, second, third, other].map(({ question }) => question.isOutdated)).toEqual([true, false, false, false]);
  expect(questions.latest('someone')).toBe(third.answer);
});

it('a change outdates every query in flight for the user, and no caller joins them', () => {
  const { questions, ask } = createQuestions();
  const [first, second, other] = [ask('someone'), ask('someone'), ask('other')];
  questions.outdate('someone');
  questions.outdate('nobody');
  expect([first, second, other].map(({ question }) => question.isOutdated)).toEqual([true, true, false]);
  expect(questions.latest('someone')).toBeUndefined();
  expect(questions.latest('other')).toBe(other.answer);
  const later = ask('someone');
  expect(later.question.isOutdated).toBe(false);
  expect(questions.latest('someone')).toBe(later.answer);
});

it('a change of all users outdates every query', () => {
  const { questions, ask } = createQuestions();
  const asked = [ask('someone'), ask('someone'), ask('other')];
  questions.outdateAll();
  expect(asked.every(({ question }) => question.isOutdated)).toBe(true);
});

it('a query knows when it was sent', () => {
  const { ask } = createQuestions();
  expect(ask('someone').question.askedAt).toBe(1);
});

type Which = (text: string, rows: readonly unknown[]) => boolean;

const aUser: Which = (text) => /WHERE name = \$1$/.test(text);
const aLook: Which = (text) => text.includes('unnest');
const aLookThatFinds: Which = (text, rows) => aLook(text, rows) && rows.length > 0;

/** A pool whose clients hold an answer back until the spec releases it, and report notifications. */
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

/** A repository with a user whose answers can be held back, and psql. */
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
])('an answer that was in flight during a change of %s is neither stored nor shared', async (_of, change) => {
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
});

it('a change without a notification is in force within a second, even during a slow comparison', async () => {
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

it('a slow comparison does not drop a user who was read again meanwhile', async () => {
  const { repository, run, holdNext } = await openHolding();
  await run('ALTER TABLE USERS DISABLE TRIGGER ALL');
  await repository.find('someone');
  const late = holdNext(aLookThatFinds);
  await run('UPDATE USERS SET enabled = false');
  await late.answered;
  // A change by this process makes it read the user again, also if it fails.
  expect(await repository.replace(userNamed('someone', { revision: '2' }), 'another')).toBe('conflict');
  const anew = await repository.find('someone');
  expect(anew).toMatchObject({ enabled: false });
  const next = holdNext(aLook);
  late.release();
  await next.answered;
  expect(repository.find('someone')).toBe(anew);
  next.release();
});

it('a list with a limit of 0 reads no names', async () => {
  const url = ownSchema();
  const { pool, sent } = recordingPool(url);
  const repository = await openPostgres(pool, { schema: schemaOf(url) });
  await repository.insert(userNamed('someone'));
  sent.length = 0;
  expect(await repository.list({ pattern: new NamePattern('*e'), after: undefined, offset: 0, limit: 0 })).toEqual([]);
  expect(sent.filter(({ text }) => text.includes('kapacitor_auth_users'))).toEqual([]);
});
