import { postgresSchema } from 'kapacitor-auth/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  fillTable,
  openPostgres,
  ownSchema,
  psql,
  recordingPool,
  schemaOf,
  secretsTable,
  usersTable,
} from '../../support/postgres-repository.js';
import { expectIndex } from '../../support/query-plan.js';
import { keyOf, NOON, sessionOf } from '../../support/stored-secret.js';

const OWNERS = 10_000;
const EACH = 100;
const url = ownSchema();
const schema = schemaOf(url) as string;

beforeAll(async () => {
  await psql(url, postgresSchema({ schema }));
  // In the order of their digests, so that the keys of one owner are in many pages of the file.
  await fillTable(
    url,
    secretsTable(url),
    `SET session_replication_role = replica;
    INSERT INTO ${usersTable(url)} (name, hash, revision) SELECT 'user' || i, '', '1' FROM generate_series(1, ${OWNERS}) AS i;
    INSERT INTO ${secretsTable(url)} (digest, kind, id, owner, name, created, expires)
      SELECT encode(sha256(convert_to(i::text, 'UTF8')), 'base64'), 'key', 'id' || i, 'user' || 1 + i % ${OWNERS},
        'key' || i / ${OWNERS}, i, CASE WHEN i % 1000 = 0 THEN 1000 + i END
      FROM generate_series(0, ${OWNERS * EACH - 1}) AS i ORDER BY 1;
    ANALYZE ${usersTable(url)}`,
  );
}, 240_000);

afterAll(() => psql(url, `DROP SCHEMA "${schema}" CASCADE`));

/** A repository, and the statements that it sends about secrets. */
async function openRecorded() {
  const { pool, sent } = recordingPool(url);
  const repository = await openPostgres(pool, { schema });
  const sentFor = async (action: () => unknown) => {
    sent.length = 0;
    await action();
    return sent.filter(({ text }) => text.includes('_secrets"'));
  };
  return { repository, sentFor };
}

describe(`among ${OWNERS * EACH} keys, an index serves`, () => {
  it('one key, together with its owner', async () => {
    const { repository, sentFor } = await openRecorded();
    const [{ digest }] = await psql(url, `SELECT digest FROM ${secretsTable(url)} WHERE id = 'id500000'`);
    const sent = await sentFor(async () => {
      expect(await repository.secrets.find(digest)).toMatchObject({ owner: 'user1', name: 'key50' });
    });
    expect(sent).toHaveLength(1);
    await expectIndex(url, sent[0], { rows: 2, blocks: 12 });
  });

  it('a missing key', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(() => repository.secrets.find(keyOf('nobody').digest));
    expect(sent).toHaveLength(1);
    await expectIndex(url, sent[0], { rows: 0, blocks: 10 });
  });

  it('the keys of one user, which are sorted by their times then', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(async () => {
      const keys = await repository.secrets.list('user7', 'key');
      expect(keys.map(({ name }) => name)).toEqual(Array.from({ length: EACH }, (_, number) => `key${number}`));
    });
    expect(sent).toHaveLength(1);
    await expectIndex(url, sent[0], { rows: 2 * EACH, blocks: EACH + 10 }, { isGathered: true });
  });

  it('an insertion, a removal, and the recording of uses', async () => {
    const { repository, sentFor } = await openRecorded();
    const session = sessionOf('user9');
    const sent = await sentFor(async () => {
      expect(await repository.secrets.insert(session, '1', 100)).toBe('inserted');
      await repository.secrets.recordUses([{ digest: session.digest, lastUsed: NOON }]);
      expect(await repository.secrets.remove('user9', 'session', session.id)).toBe(true);
    });
    expect(sent.map(({ text }) => text.trim().split(' ')[0])).toEqual([
      'SELECT',
      'INSERT',
      'UPDATE',
      'UPDATE',
      'DELETE',
    ]);
    const [tally, , use, revise, removal] = sent;
    await expectIndex(url, tally, { rows: 2 * EACH + 5, blocks: EACH + 20 }, { isGathered: true });
    for (const each of [use, revise, removal])
      await expectIndex(url, each, { rows: 5, blocks: 30 }, { isGathered: true });
  });

  it('a sweep for expired ones', async () => {
    const { repository, sentFor } = await openRecorded();
    const sent = await sentFor(() => repository.secrets.removeExpired(6_000));
    expect(sent).toHaveLength(1);
    await expectIndex(url, sent[0], { rows: 10, blocks: 60 }, { isGathered: true });
  });
});
