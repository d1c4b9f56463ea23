import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createUsers, startApp } from '../../support/measured-app.js';

/** Connections that an app makes at the most, the one that listens, and some that are on their way out. */
const MOST_BACKENDS = 5 + 1 + 6;

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(inject('postgresUrl'));
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** An app, and somebody else who can lock its table so that every statement waits. */
async function startAppOnLockableTable(storeGrace: string) {
  const id = randomUUID();
  const app = await startApp(`${inject('postgresUrl')}?schema=${id}&application_name=${id}`, storeGrace);
  const [other, observer] = [await connect(), await connect()];
  return {
    app,
    lock: () => other.query(`BEGIN; LOCK TABLE "${id}".kapacitor_auth_users IN ACCESS EXCLUSIVE MODE`),
    unlock: () => other.query('ROLLBACK'),
    countBackends: async (): Promise<number> => {
      const { rows } = await observer.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [id]);
      return rows.length;
    },
  };
}

describe('while each statement waits for a lock', () => {
  it('users in memory are served for the grace, first logins are refused, no backends pile up, and it heals', async () => {
    const { app, lock, unlock, countBackends } = await startAppOnLockableTable('3s');
    await createUsers(app, 'known', 'stranger');
    expect(await app.status('known:pw')).toBe(200);

    await lock();
    const lockedAt = performance.now();
    const isDown = () => app.health().state === 'down';
    const watchBackends = async () => {
      let most = 0;
      while (!isDown()) most = Math.max(most, await countBackends());
      return most;
    };
    const askForKnown = async () => {
      while (!isDown()) {
        const sentAfter = performance.now() - lockedAt;
        const { status } = await app.get('known:pw');
        if (sentAfter < 1_500) expect(status).toBe(200);
      }
    };
    const askForStrangers = async () => {
      const logins: Promise<number>[] = [];
      for (let index = 0; !isDown(); index += 1) {
        // Equal questions would be one.
        for (let each = 0; each < 5; each += 1) logins.push(app.status(`stranger${index}-${each}:pw`));
        await setTimeout(100);
      }
      expect(new Set(await Promise.all(logins))).toEqual(new Set([503]));
    };
    const [most] = await Promise.all([watchBackends(), askForKnown(), askForStrangers()]);
    expect(app.states).toEqual(expect.arrayContaining(['up', 'grace', 'down']));
    expect(app.health().reason).toMatch(/timeout|no answer/);
    for (const name of ['known', 'stranger']) {
      const { status, took } = await app.get(`${name}:pw`);
      expect(status).toBe(503);
      expect(took).toBeLessThan(500);
    }

    await unlock();
    await app.until('up', 3_000);
    for (const name of ['known', 'stranger']) expect(await app.status(`${name}:pw`)).toBe(200);
    expect(most).toBeLessThanOrEqual(MOST_BACKENDS);
  });

  it('a deletion that has failed is taken as done, no answer of the users API takes five seconds, and nothing is half done', async () => {
    const { app, lock, unlock } = await startAppOnLockableTable('20s');
    await app.auth.users.create({ name: 'root', password: 'pw', type: 'admin' });
    const rounds = Array.from({ length: 10 }, (_, index) => index);
    await createUsers(app, 'known', 'doomed', ...rounds.map((round) => `user${round}`));
    for (const name of ['root', 'known', 'doomed']) expect(await app.status(`${name}:pw`)).toBe(200);
    const users = await app.auth.users.list();
    const asRoot = (method: string, name = '', body = '') =>
      app.send({ method, path: `/kapacitor/v1/users${name}`, auth: 'root:pw', body });

    await lock();
    const deletion = asRoot('DELETE', '/doomed');
    const others: ReturnType<typeof asRoot>[] = [];
    // From when root is read from memory until it is known that the database does not answer.
    for (const round of rounds) {
      others.push(asRoot('DELETE', `/user${round}`), asRoot('PATCH', `/user${round}`, '{"password":"other"}'));
      others.push(asRoot('GET'), asRoot('POST', '', `{"name":"new${round}","password":"pw"}`));
      await setTimeout(300);
    }
    const answers = Promise.all(others);
    expect((await deletion).status).toBe(503);
    expect(app.health().state).toBe('grace');
    expect(await app.status('doomed:pw')).toBe(503);
    expect(await app.status('known:pw')).toBe(200);
    expect(new Set((await answers).map(({ status }) => status))).toEqual(new Set([503]));

    await unlock();
    await app.until('up', 3_000);
    expect(await app.auth.users.list()).toEqual(users);
    expect(await app.status('doomed:pw')).toBe(200);
  });
});
