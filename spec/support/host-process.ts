/**
 * A process with one of the hosts that take a middleware, named by its argument. It serves each of the four middlewares
 * on a port of its own, tells the ports, and from then on everything that would have ended it.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import connect from 'connect';
import express from 'express';
import { Server as SocketServer } from 'socket.io';
import { kapacitorAuth, type Middleware } from '../../lib/index.js';
import type { HostName, MiddlewareName } from './hosts.js';

/** The messages of a process with a host. */
export interface HostTold {
  /** Where each of the middlewares is served. */
  readonly ports?: Readonly<Record<MiddlewareName, number>>;
  /** The errors that would have ended the process. */
  readonly uncaught?: string;
}

const express4: typeof express = createRequire(import.meta.url)('express4');

/** Says who asks; at `/throws` it fails. */
const showUser = (req: IncomingMessage & { readonly user?: unknown }, res: ServerResponse) => {
  if (req.url === '/throws') throw new Error('of the app');
  res.end(JSON.stringify(req.user));
};

const SERVERS: Readonly<Record<HostName, (middleware: Middleware) => Server>> = {
  'express 5': (middleware) => createServer(express().use(middleware).use(showUser) as RequestListener),
  'express 4': (middleware) => createServer(express4().use(middleware).use(showUser) as RequestListener),
  connect: (middleware) => createServer(connect().use('/mounted', middleware).use(middleware).use(showUser)),
  'node:http': (middleware) => createServer((req, res) => middleware(req, res, () => showUser(req, res))),
  'socket.io': (middleware) => {
    const server = createServer();
    const io = new SocketServer(server);
    io.engine.use(middleware);
    io.on('connection', (socket) => {
      socket.emit('user', (socket.request as { readonly user?: unknown }).user);
    });
    return server;
  },
};

const tell = (told: HostTold) => process.send?.(told);
process.on('uncaughtException', ({ message }, origin) => tell({ uncaught: `${origin}: ${message}` }));

async function run(): Promise<void> {
  const auth = kapacitorAuth({ auth: { store: 'memory:', bcryptCost: 4, minimumPasswordLength: 0, failureLimit: 20 } });
  await auth.users.create({ name: 'root', password: 'r00t', type: 'admin' });
  await auth.users.create({ name: 'api', password: 'pw', permissions: ['api'] });
  await auth.users.create({ name: 'nobody', password: 'pw' });

  const middlewares: Readonly<Record<MiddlewareName, Middleware>> = {
    auth,
    authenticate: auth.authenticate,
    'requirePrivilege()': auth.requirePrivilege(),
    requireAdmin: auth.requireAdmin,
  };
  const ports: [string, number][] = [];
  for (const [name, middleware] of Object.entries(middlewares)) {
    const server = SERVERS[process.argv[2] as HostName](middleware);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push([name, (server.address() as AddressInfo).port]);
  }
  tell({ ports: Object.fromEntries(ports) as Record<MiddlewareName, number> });
}

void run();
