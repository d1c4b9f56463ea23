import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestHandler } from 'http-proxy-middleware';
import { ConfigError } from '../errors.js';
import { sendError } from '../http/answers.js';
import { answerUpgrade } from '../http/upgrade.js';
import { loadPackage } from '../optional-package.js';

const NO_ANSWER = 'the upstream does not answer';

/** Passes requests on, and WebSockets with its `upgrade`. */
export type UpstreamProxy = RequestHandler;

/**
 * Creates a proxy in front of a server. A body of any length is passed on as it arrives.
 *
 * @param upstream such as `http://localhost:9093`
 * @param onFailure receives the error of an upstream that does not answer, once until it answers again
 * @throws {ConfigError} the package `http-proxy-middleware` is missing
 */
export function createUpstreamProxy(upstream: string, onFailure: (error: Error) => void): UpstreamProxy {
  const { createProxyMiddleware } = loadPackage<typeof import('http-proxy-middleware')>(
    'http-proxy-middleware',
    'the gateway needs',
    ConfigError,
  );
  const opened = new WeakSet<object>();
  let isDown = false;
  const answers = () => {
    isDown = false;
  };
  return createProxyMiddleware({
    target: upstream,
    changeOrigin: true,
    on: {
      proxyReq: (asked, _req, res) => {
        // Without this, a request that the upstream takes long for would outlive its client.
        res.once('close', () => {
          if (!res.writableEnded) asked.destroy();
        });
      },
      proxyRes: (answer, _req, res) => {
        answers();
        // Each request to the upstream has a connection of its own. The client may keep its own.
        answer.headers.connection = res.shouldKeepAlive ? 'keep-alive' : 'close';
        delete answer.headers['keep-alive'];
        // Without this, a client would wait for the rest of an answer that the upstream has aborted.
        answer.on('error', () => res.destroy());
      },
      proxyReqWs: (asked, _req, socket) => {
        asked.once('upgrade', (_answer, behind) => {
          answers();
          opened.add(socket);
          // Pipes pass an end on, and nothing else that closes a connection.
          socket.once('close', () => behind.destroySoon());
          behind.once('close', () => socket.destroySoon());
        });
        asked.once('response', ({ headers }) => {
          answers();
          // The upstream refuses. Its answer is written as it is read: without chunks, up to the end of the connection.
          delete headers['transfer-encoding'];
          headers.connection = 'close';
        });
        socket.once('close', () => asked.destroy());
      },
      error: (error, req, target) => {
        if (!isDown) onFailure(error);
        isDown = true;
        if (!isResponse(target)) refuse(req, target, opened.has(target));
        else if (target.headersSent) target.destroy();
        else sendError(target, 502, NO_ANSWER);
      },
    },
  });
}

function refuse(req: IncomingMessage, socket: Duplex, isOpen: boolean): void {
  // Bytes of HTTP would be taken for a message of the WebSocket.
  if (isOpen) socket.destroy();
  else answerUpgrade(req, socket, 502, NO_ANSWER);
}

function isResponse(target: Duplex | ServerResponse<IncomingMessage>): target is ServerResponse<IncomingMessage> {
  return 'writeHead' in target;
}
