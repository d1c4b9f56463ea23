import { describe, expect, it } from 'vitest';
import { createUsers, startApp } from '../../support/measured-app.js';
import { openPostgres, ownRole, ownSchema, psql, schemaOf, usersTable } from '../../support/postgres-repository.js';

/** An app whose role may only read, with somebody in memory, and the owner of the table with psql. */
async function startReadingApp() {
  const owner = ownSchema();
  await openPostgres(owner);
  const { role, url } = await ownRole(owner);
  const run = (text: string) =>
    psql(
      owner,
      text
        .replaceAll('USERS', usersTable(owner))
        .replaceAll('HERE', `"${schemaOf(owner)}"`)
        .replaceAll('ROLE', `"${role}"`),
    );
  await run('GRANT USAGE ON SCHEMA HERE TO ROLE; GRANT SELECT ON ALL TABLES IN SCHEMA HERE TO ROLE');
  await createUsers(await startApp(owner, '0s'), 'known');
  const app = await startApp(url, '60s');
  expect(await app.status('known:pw')).toBe(200);
  return { app, run };
}

/** Milliseconds. */
const IN_FORCE_WITHIN = 1_000;

describe('a database that answers with a refusal is not out of order, and nobody is served from memory', () => {
  it.each([
    [
      'the table is dropped',
      'CREATE TABLE HERE.kept AS TABLE USERS; DROP TABLE USERS',
      'CREATE TABLE USERS AS TABLE HERE.kept; GRANT SELECT ON USERS TO ROLE',
      /^relation ".*kapacitor_auth_users" does not exist$/,
    ],
    [
      'the right to read is revoked',
      'REVOKE SELECT ON USERS FROM ROLE',
      'GRANT SELECT ON USERS TO ROLE',
      /^permission denied for table kapacitor_auth_users$/,
    ],
  ])('when %s, until that is undone', async (_what, take, giveBack, reason) => {
    const { app, run } = await startReadingApp();
    await run(take);
    const takenAt = performance.now();
    let lastServedAt = takenAt;
    await expect
      .poll(
        async () => {
          const sentAt = performance.now();
          const status = await app.status('known:pw');
          if (status === 200) lastServedAt = sentAt;
          return app.health().state === 'down' && status;
        },
        { interval: 5, timeout: 5_000 },
      )
      .toBe(503);
    expect(lastServedAt - takenAt).toBeLessThan(IN_FORCE_WITHIN);
    expect(app.health().reason).toMatch(reason);
    expect(app.states).not.toContain('grace');

    await run(giveBack);
    await app.until('up');
    expect(await app.status('known:pw')).toBe(200);
  });
});
