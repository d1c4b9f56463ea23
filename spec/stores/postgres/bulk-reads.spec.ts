import { beforeEach, describe, expect, it, vi } from 'vitest';
import { TimeoutError } from '../../../lib/promises.js';
import { readList } from '../../../lib/stores/postgres/bulk-reads.js';
import type { Connections } from '../../../lib/stores/postgres/connections.js';
import type { Answer } from '../../../lib/stores/postgres/driver.js';
import { Statements } from '../../../lib/stores/postgres/statements.js';
import { TableNames } from '../../../lib/stores/postgres/table-names.js';
import { NamePattern } from '../../../lib/users/name-pattern.js';

const clock = vi.hoisted(() => ({ time: 0 }));
vi.mock('../../../lib/clock.js', () => ({ now: () => clock.time }));

beforeEach(() => {
  clock.time = 100_000;
});

const SLOW = 'the list takes too long: ask for fewer users, and page with after instead of offset';
const name: Answer = { rows: [{ name: 'someone' }], rowCount: 1 };

/** A list each part of which takes so many milliseconds of the fake clock. */
function listing(part: number, answer: (milliseconds: number) => Answer) {
  const ask = vi.fn(async (_statement: unknown, milliseconds: number) => {
    clock.time += Math.min(part, milliseconds);
    return answer(milliseconds);
  });
  const query = { pattern: new NamePattern(''), after: undefined, limit: 10 };
  const list = ({ offset = 0 } = {}) =>
    readList({ ...query, offset }, { ask } as unknown as Connections, new Statements(new TableNames()));
  return { list, ask };
}

describe('a list that takes too long', () => {
  it('with many parts ends after 4 seconds, with advice', async () => {
    const { list, ask } = listing(300, (milliseconds) => {
      if (milliseconds < 300) throw new TimeoutError(milliseconds);
      return name;
    });
    const from = clock.time;
    await expect(list({ offset: 1_000_000 })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: SLOW });
    expect(clock.time - from).toBe(4_000);
    expect(ask).toHaveBeenCalledTimes(14);
  });

  it('because the server cancels a part ends with the same advice', async () => {
    const { list } = listing(1_000, () => {
      throw Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
    });
    await expect(list()).rejects.toThrow(SLOW);
  });
});

describe('a list without an answer', () => {
  it('is not a slow list', async () => {
    const { list } = listing(1_500, (milliseconds) => {
      throw new TimeoutError(milliseconds);
    });
    await expect(list()).rejects.toThrow('no answer within 1500 ms');
  });

  it('is not a slow list if the connection is lost at the end', async () => {
    let parts = 0;
    const { list } = listing(1_400, () => {
      parts += 1;
      if (parts === 3) throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      return name;
    });
    await expect(list({ offset: 100_000 })).rejects.toThrow('read ECONNRESET');
  });
});
