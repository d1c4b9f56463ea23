import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll } from 'vitest';
import { kill, NODE_OPTIONS, programNamed } from './child-process.js';
import type { HostTold } from './host-process.js';
import type { HostName, MiddlewareName } from './hosts.js';
import { type Answer, type SentRequest, send } from './server.js';

/** A host in a process of its own. */
export interface Host {
  readonly ports: Readonly<Record<MiddlewareName, number>>;
  /** The errors that would have ended the process, in order. */
  readonly uncaught: readonly string[];
  /** Asks something that a user with the permission `api` may see, and that socket.io takes for a handshake. */
  ask(middleware: MiddlewareName, request?: Partial<SentRequest>): Promise<Answer>;
  close(): Promise<void>;
}

/** One of each host, which is started when a test needs it, until the tests of the file are over. */
export function sharedHosts(): (name: HostName) => Promise<Host> {
  const hosts = new Map<HostName, Promise<Host>>();
  afterAll(async () => {
    for (const host of hosts.values()) await (await host).close();
  });
  return (name) => {
    const host = hosts.get(name) ?? startHost(name);
    hosts.set(name, host);
    return host;
  };
}

export async function startHost(name: HostName): Promise<Host> {
  const child = fork(programNamed('host-process'), [name], { execArgv: [...NODE_OPTIONS] });
  const uncaught: string[] = [];
  child.on('message', (told: HostTold) => {
    if (told.uncaught !== undefined) uncaught.push(told.uncaught);
  });
  child.on('exit', (code) => uncaught.push(`the process has ended: ${code}`));
  const [{ ports }] = (await once(child, 'message')) as [Required<HostTold>];
  const ask: Host['ask'] = (middleware, request) =>
    send(ports[middleware], { path: '/socket.io/?EIO=4&transport=polling', ...request });
  return { ports, uncaught, ask, close: () => kill(child) };
}
