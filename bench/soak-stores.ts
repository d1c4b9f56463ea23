import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { mountDisk } from '../spec/support/mounted-disk.js';
import { PostgresServer } from '../spec/support/postgres-server.js';
import { HeldProxy } from './held-proxy.js';
import type { Fault } from './soak-faults.js';
import { commandOf } from './soak-program.js';
import { GRACE } from './soak-settings.js';

/** Mebibytes of the disk that the file of SQLite is on. */
const ROOM = 64;

/** A store that two servers share, and that has faults. */
export interface SoakStore {
  /** The address for each server. */
  readonly addresses: readonly [string, string];
  /** A command that runs the servers where the store is. */
  readonly within: readonly string[];
  /** Whether a change reaches the other server through a notification. */
  readonly isNotified: boolean;
  readonly faults: readonly Fault[];
  close(): Promise<void>;
}

export const SOAK_STORES: Readonly<Record<string, () => Promise<SoakStore>>> = { sqlite, postgres };

/** A file on a small disk, which other processes lock and fill. */
async function sqlite(): Promise<SoakStore> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-soak-'));
  const disk = await mountDisk(folder, ROOM);
  const file = join(folder, 'users.db');
  const locked = (seconds: number): Fault => {
    let release = async (): Promise<void> => {};
    return {
      name: `another process has the file locked for ${seconds} s`,
      milliseconds: seconds * 1_000,
      refuses: 'changes',
      begin: async () => {
        release = await lock(disk.within, file);
      },
      end: () => release(),
    };
  };
  const filler = join(disk.seen, 'filler');
  const full: Fault = {
    name: 'the disk is full for 6 s',
    milliseconds: 6_000,
    refuses: 'changes',
    begin: () => fill(filler),
    end: () => rmSync(filler),
  };
  const address = `sqlite:${file}`;
  return {
    addresses: [address, address],
    within: disk.within,
    isNotified: false,
    faults: [locked(2), full, locked(6)],
    close: async () => {
      const gone = once(disk.holder, 'exit');
      disk.holder.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

/** Locks the file in a process of its own, which sees the disk. */
async function lock(within: readonly string[], file: string): Promise<() => Promise<void>> {
  const [program = '', ...args] = [...within, ...commandOf('./soak-lock-process.ts'), file];
  const holder = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return async () => {
    const gone = once(holder, 'exit');
    holder.stdin.end();
    await gone;
  };
}

function fill(file: string): void {
  const descriptor = openSync(file, 'w');
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(4_096));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** A server of its own, with a proxy before it for each of the two servers of the soak. */
async function postgres(): Promise<SoakStore> {
  const server = await PostgresServer.create();
  const proxies = [await HeldProxy.before(server.port), await HeldProxy.before(server.port)] as const;
  let locking: pg.Client;
  const faults: Fault[] = [
    {
      name: 'the server is stopped for 3 s',
      milliseconds: 3_000,
      refuses: 'everything',
      isOutage: true,
      begin: () => server.stop(),
      end: () => server.start(),
    },
    {
      name: 'all connections are cut',
      milliseconds: 0,
      refuses: 'everything',
      begin: () => proxies.map((proxy) => proxy.cut()),
      end: () => {},
    },
    {
      name: 'one server loses the database for 4 s',
      milliseconds: 4_000,
      refuses: 'everything',
      begin: () => proxies[0].hold(),
      end: () => proxies[0].release(),
    },
    {
      name: `the server is killed, and away for ${GRACE / 1_000 + 4} s`,
      milliseconds: GRACE + 4_000,
      refuses: 'everything',
      isOutage: true,
      begin: () => server.kill(),
      end: () => server.start(),
    },
    {
      name: 'another client has the table locked for 3 s',
      milliseconds: 3_000,
      refuses: 'everything',
      begin: async () => {
        locking = new pg.Client(server.url());
        await locking.connect();
        await locking.query('BEGIN; LOCK TABLE kapacitor_auth_users IN ACCESS EXCLUSIVE MODE');
      },
      end: () => locking.end(),
    },
    {
      name: 'nothing gets through for 2 s',
      milliseconds: 2_000,
      refuses: 'everything',
      begin: () => proxies.map((proxy) => proxy.hold()),
      end: () => proxies.map((proxy) => proxy.release()),
    },
  ];
  return {
    addresses: [server.url('postgres', proxies[0].port), server.url('postgres', proxies[1].port)],
    within: [],
    isNotified: true,
    faults,
    close: async () => {
      for (const proxy of proxies) proxy.close();
      await server.remove();
    },
  };
}
