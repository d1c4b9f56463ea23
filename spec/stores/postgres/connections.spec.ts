import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Connections } from '../../../lib/stores/postgres/connections.js';
import type { ConnectionSource, PostgresPool } from '../../../lib/stores/postgres/driver.js';

/** An app's pool, beside which no client is made. */
const sourceOf = (pool: PostgresPool): ConnectionSource => ({
  pool,
  isOwnPool: false,
  createClient: () => expect.unreachable(),
});

/** A pool whose connections answer in this way, one after the other; the last way is repeated. */
function poolOf(...answers: ((text: string) => unknown)[]) {
  const sent: string[] = [];
  const released: unknown[] = [];
  const ended: unknown[] = [];
  const connect = async () => {
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) as (text: string) => unknown;
    return {
      query: async ({ text }: { text: string }) => {
        sent.push(text.split(/[ ;]/)[0] as string);
        return answer(text);
      },
      end: async () => void ended.push(answer),
      on: () => {},
      off: () => {},
      release: (error?: Error) => void released.push(error),
    };
  };
  const pool = { connect, end: async () => {}, on: () => {}, off: () => {}, options: {} };
  return { connections: new Connections(sourceOf(pool)), pool: pool as PostgresPool, sent, released, ended };
}

const closed = () => new Error('it is closed');

const fails = (properties: object) => () => {
  throw Object.assign(new Error('it fails'), properties);
};
/** The errors of a lost connection. */
const LOST = [
  { code: '57P01' },
  { code: '57P02' },
  { code: '08006' },
  { code: 'ECONNRESET' },
  { code: 'EPIPE' },
  { message: 'Connection terminated unexpectedly' },
];

describe('a question', () => {
  it.each(LOST)('is repeated on another connection if its own is lost: %j', async (error) => {
    const { connections, released } = poolOf(fails(error), () => 'answer');
    expect(await connections.ask({ text: 'SELECT' }, 1_000)).toBe('answer');
    expect(released).toEqual([expect.objectContaining(error), undefined]);
  });

  it('is repeated only once', async () => {
    const { connections, sent } = poolOf(fails({ code: '57P01' }));
    await expect(connections.ask({ text: 'SELECT' }, 1_000)).rejects.toMatchObject({ code: '57P01' });
    expect(sent).toHaveLength(2);
  });

  it.each([{ code: '57014' }, { code: '42501' }, { message: 'Query read timeout' }])(
    'is not repeated after another failure, and the connection is closed: %j',
    async (error) => {
      const { connections, released } = poolOf(fails(error), () => 'answer');
      await expect(connections.ask({ text: 'SELECT' }, 1_000)).rejects.toMatchObject(error);
      expect(released).toEqual([expect.objectContaining(error)]);
    },
  );
});

describe('a change', () => {
  const work = (connections: Connections) => connections.change(async (ask) => ask({ text: 'UPDATE' }));

  it.each(LOST)('is repeated on another connection if its own is lost at the start: %j', async (error) => {
    const { connections, sent } = poolOf(fails(error), () => 'answer');
    expect(await work(connections)).toBe('answer');
    expect(sent).toEqual(['BEGIN', 'BEGIN', 'UPDATE', 'COMMIT']);
  });

  it.each(['UPDATE', 'COMMIT'])(
    'is not repeated if the connection is lost at %s, because it may have been made',
    async (last) => {
      const lose = fails({ code: 'ECONNRESET' });
      const { connections, sent } = poolOf((text) => (text === last ? lose() : 'answer'));
      await expect(work(connections)).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(sent.at(-1)).toBe(last);
      expect(sent.filter((text) => text === 'BEGIN')).toHaveLength(1);
    },
  );

  it('is not repeated after another failure', async () => {
    const { connections, sent } = poolOf(fails({ code: '25006' }));
    await expect(work(connections)).rejects.toMatchObject({ code: '25006' });
    expect(sent).toEqual(['BEGIN']);
  });
});

describe('a closed connection', () => {
  /** A server that works on each statement until the spec ends that. */
  function busyServer() {
    let end: (error?: Error) => void = () => {};
    const work = new Promise<void>((resolve, reject) => {
      end = (error) => (error ? reject(error) : resolve());
    });
    return { ...poolOf(() => work), end: (error?: Error) => end(error) };
  }

  it.each([
    ['has answered', undefined],
    ['has given up as well', Object.assign(new Error('canceling statement'), { code: '57014' })],
  ])('is replaced by the pool when the server %s, and no earlier', async (_, error) => {
    const { connections, released, end } = busyServer();
    await expect(connections.ask({ text: 'SELECT' }, 5)).rejects.toThrow('no answer within');
    expect(released).toEqual([]);
    end(error);
    await expect.poll(() => released).toEqual([expect.objectContaining({ name: 'TimeoutError' })]);
  });

  it('is replaced by the pool after a while, whatever the server does', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { connections, released } = busyServer();
    const answer = connections.ask({ text: 'SELECT' }, 5);
    answer.catch(() => {});
    await vi.advanceTimersByTimeAsync(5);
    await expect(answer).rejects.toThrow('no answer within');
    await vi.advanceTimersByTimeAsync(990);
    expect(released).toEqual([]);
    await vi.advanceTimersByTimeAsync(10);
    expect(released).toHaveLength(1);
  });

  it('is ended by close() even if it does not answer', async () => {
    const { connections, sent, ended, released, end } = busyServer();
    const answer = expect(connections.ask({ text: 'SELECT' }, 1_000)).rejects.toThrow('it is closed');
    await expect.poll(() => sent).toEqual(['SELECT']);
    await connections.close(closed);
    expect(ended).toHaveLength(1);
    await answer;
    end(new Error('Connection terminated'));
    await expect.poll(() => released).toHaveLength(1);
  });
});

describe('after close()', () => {
  it('a question that waits for a connection is rejected, and the connection returns to the pool when it comes', async () => {
    const { pool, released, sent } = poolOf(() => 'answer');
    let come: () => void = () => {};
    const late = new Promise<void>((resolve) => {
      come = resolve;
    });
    const connections = new Connections(sourceOf({ ...pool, connect: () => late.then(() => pool.connect()) }));
    const answer = expect(connections.ask({ text: 'SELECT' }, 1_000)).rejects.toThrow('it is closed');
    await connections.close(closed);
    await answer;
    come();
    await expect.poll(() => released).toEqual([undefined]);
    expect(sent).toEqual([]);
  });

  it('no connection is requested', async () => {
    const { pool } = poolOf(() => 'answer');
    const connect = vi.fn(pool.connect);
    const connections = new Connections(sourceOf({ ...pool, connect }));
    await connections.close(closed);
    await expect(connections.ask({ text: 'SELECT' }, 1_000)).rejects.toThrow('it is closed');
    expect(connect).not.toHaveBeenCalled();
  });
});

describe('a connection that comes too late', () => {
  it('returns to the pool', async () => {
    const { pool, released, sent } = poolOf(() => 'answer');
    let come: () => void = () => {};
    const late = new Promise<void>((resolve) => {
      come = resolve;
    });
    const connections = new Connections(sourceOf({ ...pool, connect: () => late.then(() => pool.connect()) }));
    await expect(connections.ask({ text: 'SELECT' }, 5)).rejects.toThrow('no answer within');
    come();
    await expect.poll(() => released).toEqual([undefined]);
    expect(sent).toEqual([]);
  });

  it('may fail without side effects', async () => {
    const { pool } = poolOf(() => 'answer');
    let refuse: (error: Error) => void = () => {};
    const late = new Promise<never>((_, reject) => {
      refuse = reject;
    });
    const connections = new Connections(sourceOf({ ...pool, connect: () => late }));
    await expect(connections.ask({ text: 'SELECT' }, 5)).rejects.toThrow('no answer within');
    refuse(new Error('no connection'));
    await expect(late).rejects.toThrow('no connection');
  });
});
