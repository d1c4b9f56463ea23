import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants } from 'node:os';
import express from 'express';
import { resolveConfig, settle } from '../../config/config.js';
import { HTTP } from '../../config/http-settings.js';
import type { BindAddress, KapacitorAuthConfig, ResolvedConfig } from '../../config/options.js';
import { ConfigError } from '../../errors.js';
import { Connections } from '../../gateway/connections.js';
import { createGateway } from '../../gateway/gateway.js';
import { createUpstreamProxy } from '../../gateway/upstream-proxy.js';
import { kapacitorAuth } from '../../kapacitor-auth.js';
import { RefusedError, UsageError } from '../cli-error.js';
import type { Session } from '../session.js';
import { chooseConfig } from '../target.js';

/** Milliseconds. Docker and Kubernetes send SIGKILL 10 and 30 seconds after SIGTERM. */
const PATIENCE = 8_000;

export interface ServeOptions {
  readonly upstream?: string;
  readonly trustProxy?: string;
}

/** Serves until a signal stops it. Loads the middleware and Express, which no other command needs. */
export async function serve(session: Session, { upstream, trustProxy: proxies }: ServeOptions): Promise<void> {
  const { output, options, environment } = session;
  if (upstream === undefined) {
    throw new UsageError('name the server behind: kapacitor-auth serve --upstream http://localhost:9093');
  }
  const trustProxy = proxies === undefined ? undefined : readTrustProxy(proxies);
  const { file, store } = chooseConfig(options, environment, process.cwd());
  // Only this package's own answers are JSON as the upstream's are.
  const overrides: KapacitorAuthConfig = { http: { refusals: 'answer' }, auth: { store } };
  const { config } = resolveConfig(file ?? {}, overrides, environment);
  const { choice } = settle(file ?? {}, overrides, environment);
  requireAuthentication(config, file);
  const tls = readTls(config);
  const proxy = createUpstreamProxy(upstream, ({ message }) =>
    output.note(`warning: ${upstream} does not answer: ${message}`),
  );
  // From here on there is a store, which is made where there is none.
  const auth = file === undefined ? kapacitorAuth(overrides) : kapacitorAuth(file, overrides);
  try {
    const server = createGateway(auth, { proxy, trustProxy, tls });
    const connections = new Connections(server);
    await auth.ready;
    const { host, port } = bindAddressOf(config, choice.isSet(HTTP.bindAddress));
    await listen(server, host, port);
    const stopped = stopSignal();
    await output.write(`${addressOf(server, tls !== undefined, host)} passes requests on to ${upstream}\n`);
    const signal = await stopped;
    const drained = connections.drain(PATIENCE);
    output.note(`${signal}: requests and WebSockets have ${PATIENCE / 1_000} s to end. A second signal ends them now`);
    await drained;
  } finally {
    await auth.close();
  }
}

/**
 * Reads Express's setting `trust proxy`, but for `true`, with which each client could name an address of its own.
 *
 * @throws {UsageError} it is neither a number nor a list of addresses
 */
function readTrustProxy(text: string): number | string {
  if (/^\d+$/.test(text)) return Number(text);
  try {
    express().set('trust proxy', text);
    return text;
  } catch {
    throw new UsageError(
      '--trust-proxy must be the number of proxies, or their addresses: loopback, uniquelocal, 10.0.0.1, 10.0.0.0/8, ' +
        'separated by commas',
    );
  }
}

/** @throws {ConfigError} the gateway would let everybody in */
function requireAuthentication({ http }: ResolvedConfig, file: string | undefined): void {
  if (http.authEnabled) return;
  throw new ConfigError(
    `authentication is off ([http] auth-enabled is false in ${file ?? 'the environment'}), and the gateway would let ` +
      'everybody in as an admin. Set [http] auth-enabled and [auth] enabled to true',
  );
}

function readTls({ http: { https } }: ResolvedConfig): { cert: Buffer; key: Buffer } | undefined {
  if (https === undefined) return undefined;
  return {
    cert: readPem('https-certificate', https.certificate),
    key: readPem('https-private-key', https.privateKey),
  };
}

function readPem(key: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigError(`[http] ${key}: ${message}`, { cause: error });
  }
}

/** The address to listen on. Kapacitor's default is every address of the machine. The gateway's is localhost. */
function bindAddressOf({ http: { bindAddress } }: ResolvedConfig, isSet: boolean): BindAddress {
  return isSet ? bindAddress : { ...bindAddress, host: 'localhost' };
}

/** @throws {RefusedError} the address is in use, or this machine does not have it */
async function listen(server: Server, host: string | undefined, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'another program listens there' : message;
    throw new RefusedError(
      `cannot listen on ${host ?? ''}:${port}: ${reason}. set [http] bind-address to another address`,
    );
  }
}

function addressOf(server: Server, isTls: boolean, host = '0.0.0.0'): string {
  const { port } = server.address() as AddressInfo;
  return `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The first signal that asks the process to stop. The next one ends it at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = (signal: NodeJS.Signals) => {
      if (isStopping) endAtOnce(signal);
      isStopping = true;
      resolve(signal);
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}

function endAtOnce(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // In a container, process 1 outlives a signal that it does not listen to.
  process.exit(128 + constants.signals[signal]);
}
