import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { KapacitorAuth } from '../api.js';
import { sendError } from '../http/answers.js';
import { answerUpgrade } from '../http/upgrade.js';
import { trustsPeer } from '../request/client-address.js';
import type { User } from '../users/user.js';
import {
  forwardHeaders,
  hasUnannouncedBody,
  isWebSocketHandshake,
  withoutQueryCredentials,
} from './forwarded-request.js';
import type { UpstreamProxy } from './upstream-proxy.js';

export interface GatewayOptions {
  /** Passes requests and WebSockets on to the server behind: see `createUpstreamProxy`. */
  readonly proxy: UpstreamProxy;
  /** Express's setting `trust proxy`. Undefined: there is no proxy in front. */
  readonly trustProxy: number | string | undefined;
  /** The certificate and the private key, as PEM. Undefined: plain HTTP. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
}

/**
 * Creates a server that puts users and permissions in front of another one. Clients must reach that one through this server
 * alone: it lets everybody in, and believes `X-Forwarded-User`.
 *
 * @throws {TypeError} `trustProxy` has an invalid address
 */
export function createGateway(auth: KapacitorAuth, { proxy, trustProxy, tls }: GatewayOptions): Server {
  const app = express();
  app.disable('x-powered-by');
  if (trustProxy !== undefined) app.set('trust proxy', trustProxy);
  const prepare = (req: IncomingMessage, user: User | undefined) => {
    const isFromProxy = trustsPeer({ headers: req.headers, socket: req.socket, app });
    if (auth.config.http.queryCredentials) req.url = withoutQueryCredentials(req.url ?? '');
    forwardHeaders(req, { userName: user?.name, isFromProxy });
  };
  app.use(auth, refuseUnannouncedBody);
  // The proxy's event proxyReq would be too late: it comes when the headers may have been sent.
  app.use((req, _res, next) => {
    prepare(req, req.user);
    next();
  });
  // There is no body parser before the proxy, so a body of any length is passed on as it arrives.
  app.use(proxy, refuseRest, refuseFailed);
  const server = tls === undefined ? createServer(app) : createTlsServer(tls, app);
  return server.on('upgrade', (req, socket, head) => {
    void passUpgradeOn(auth, app, { req, socket }, (user) => {
      prepare(req, user);
      req.headers.connection = 'Upgrade';
      req.headers.upgrade = 'websocket';
      proxy.upgrade(req, socket as Socket, head);
    });
  });
}

interface Upgrade {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
}

async function passUpgradeOn(
  auth: KapacitorAuth,
  app: Express,
  { req, socket }: Upgrade,
  pass: (user: User) => void,
): Promise<void> {
  socket.on('error', () => {});
  if (!isWebSocketHandshake(req)) {
    answerUpgrade(
      req,
      socket,
      400,
      'only WebSockets are passed on: leave out the header Upgrade, or send a WebSocket handshake',
    );
    return;
  }
  const user = await auth.authorizeUpgrade(req, socket, { app });
  if (user !== undefined) pass(user);
}

const refuseUnannouncedBody: RequestHandler = (req, res, next) => {
  if (hasUnannouncedBody(req)) sendError(res, 411, `a ${req.method} with a body needs Content-Length`);
  else next();
};

const CANNOT_PASS_ON = 'this request cannot be passed on: its target is not a path';

/** For targets that the proxy leaves alone, such as `*`. */
const refuseRest: RequestHandler = (_req, res) => sendError(res, 400, CANNOT_PASS_ON);

/** For targets that it cannot parse. */
const refuseFailed: ErrorRequestHandler = (_error, _req, res, _next) => sendError(res, 400, CANNOT_PASS_ON);
