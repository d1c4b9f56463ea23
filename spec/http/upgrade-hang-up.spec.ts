import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MemoryUserRepository } from 'kapacitor-auth';
import { Server as SocketServer } from 'socket.io';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { handshakeText, serveUpgrades } from '../support/upgrade.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('a client that hangs up', () => {
  it.each(['end', 'resetAndDestroy'] as const)('while the store is asked, gets no connection: %s', async (deed) => {
    const { repository, auth } = await withRepository();
    const { begin, outcomes, opened } = await serveUpgrades(auth);
    const find = holdFind(repository);
    const client = begin({ auth: 'api:pw' });
    client.on('error', () => {});
    await vi.waitFor(() => expect(find.asked).toBe(1));
    client[deed]();
    await vi.waitFor(() => expect(outcomes).toEqual([undefined]));
    find.answer();
    await nextTurn();
    expect(outcomes).toEqual([undefined]);
    expect(opened).toEqual([]);
  });

  it('gets no connection at the moment of the decision either', async () => {
    const { repository, auth } = await withRepository();
    const { server, ask, begin, outcomes, opened } = await serveUpgrades(auth);
    expect(await ask({ auth: 'api:pw' })).toContain('hello, api');
    const find = repository.find.bind(repository);
    server.on('connection', (socket) => {
      vi.spyOn(repository, 'find').mockImplementation((name) => {
        socket.destroy();
        return find(name);
      });
    });
    begin({ auth: 'api:pw' }).on('error', () => {});
    await vi.waitFor(() => expect(outcomes).toHaveLength(2));
    expect(outcomes[1]).toBeUndefined();
    expect(opened).toHaveLength(1);
  });

  it('gets nothing if it has before the app asks', async () => {
    const auth = await createAuth();
    const server = createServer();
    const outcome = new Promise((resolve) => {
      server.on('upgrade', async (req, socket) => {
        socket.on('error', () => {}).destroy();
        resolve(await auth.authorizeUpgrade(req, socket));
      });
    });
    const client = connect(await listening(server), '127.0.0.1');
    client.on('error', () => {}).write(handshakeText({}));
    expect(await outcome).toBeUndefined();
  });

  it('is not waited for after an answer that it neither reads nor closes', async () => {
    const { server, begin, outcomes } = await serveUpgrades(await createAuth());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const clients = Array.from({ length: 100 }, () => begin().pause());
    const count = () => new Promise<number>((resolve) => server.getConnections((_error, open) => resolve(open)));
    await vi.waitFor(() => expect(outcomes).toEqual(clients.map(() => undefined)));
    expect(await count()).toBe(100);
    vi.advanceTimersByTime(2_000);
    await vi.waitFor(async () => expect(await count()).toBe(0));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer if it closes the connection itself', async () => {
    const { server, begin } = await serveUpgrades(await createAuth());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const client = begin();
    const [answer] = await once(client, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /);
    const before = vi.getTimerCount();
    client.end();
    await once(client, 'close');
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeLessThan(before));
    const open = await new Promise((resolve) => server.getConnections((_error, connections) => resolve(connections)));
    expect(open).toBe(0);
  });

  it('may reset a connection that was opened, and the process lives, whether the password was verified or remembered', async () => {
    const auth = await createAuth();
    const server = createServer();
    const closed: (string | undefined)[] = [];
    const listeners: { before: string[]; after: string[] }[] = [];
    server.on('upgrade', async (req, socket) => {
      const heard = () => socket.eventNames().flatMap((event) => Array(socket.listenerCount(event)).fill(event));
      const before = heard();
      const user = await auth.authorizeUpgrade(req, socket);
      listeners.push({ before, after: heard() });
      // An app that has no listener for errors.
      socket.on('close', () => closed.push(user?.name)).resume();
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    });
    const port = await listening(server);
    for (const names of [['api'], ['api', 'api']]) {
      const client = connect(port, '127.0.0.1');
      client.write(handshakeText({ auth: 'api:pw' }));
      await once(client, 'data');
      client.resetAndDestroy();
      await vi.waitFor(() => expect(closed).toEqual(names));
    }
    expect(listeners).toHaveLength(2);
    for (const { before, after } of listeners) expect(after.sort()).toEqual([...before, 'error'].sort());
  });

  it('may reset a connection that socket.io has not opened yet, and the process lives', async () => {
    const { repository, auth } = await withRepository();
    const server = createServer();
    const io = new SocketServer(server);
    io.engine.use(auth.authenticate);
    onTestFinished(() => io.close());
    const find = holdFind(repository);
    const closed = new Promise((resolve) => server.on('connection', (socket) => socket.on('close', resolve)));
    const client = connect(await listening(server), '127.0.0.1');
    client.on('error', () => {});
    client.write(handshakeText({ path: '/socket.io/?EIO=4&transport=websocket', auth: 'api:pw' }));
    await vi.waitFor(() => expect(find.asked).toBe(1));
    client.resetAndDestroy();
    // An error without a listener would be an uncaught exception before this event.
    expect(await closed).toBe(true);
    find.answer();
  });

  it('cannot pipeline an upgrade behind a request that has no answer yet', async () => {
    const auth = await createAuth();
    const server = createServer(() => {});
    const outcome = new Promise((resolve) => {
      server.on('upgrade', async (req, socket) => resolve(await auth.authorizeUpgrade(req, socket)));
    });
    const client = connect(await listening(server), '127.0.0.1');
    client.on('error', () => {});
    client.write(`GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${handshakeText({ auth: 'api:pw' })}`);
    expect(await outcome).toBeUndefined();
    await once(client, 'close');
  });
});

/** The port of a server that listens until the test is over. */
async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function withRepository() {
  const repository = new MemoryUserRepository();
  return { repository, auth: await createAuth({ auth: { store: repository } }) };
}

/** Lets the store wait with its next answer. */
function holdFind(repository: MemoryUserRepository) {
  const find = repository.find.bind(repository);
  const held = { asked: 0, answer: () => {} };
  vi.spyOn(repository, 'find').mockImplementation(((name: string) => {
    held.asked += 1;
    return new Promise((resolve) => {
      held.answer = () => resolve(find(name));
    });
  }) as never);
  return held;
}
