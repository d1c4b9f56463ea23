import type { AddressInfo } from 'node:net';
import type { KapacitorAuthConfig, NewUser } from 'kapacitor-auth';
import { onTestFinished } from 'vitest';
import { createGateway, type GatewayOptions } from '../../lib/gateway/gateway.js';
import { createUpstreamProxy } from '../../lib/gateway/upstream-proxy.js';
import { createAuth } from '../support/auth.js';
import { type SentRequest, send } from '../support/server.js';

const USERS: readonly NewUser<string>[] = [
  { name: 'root', password: 'rootPassword', type: 'admin' },
  { name: 'api', password: 'apiPassword', permissions: ['api'] },
  { name: 'Größe', password: 'größePassword', permissions: ['api'] },
];

export interface StartedGateway {
  readonly port: number;
  /** The messages of the errors of the upstream. */
  readonly failures: readonly string[];
  send(request: SentRequest): ReturnType<typeof send>;
}

/** A gateway in this process, until the test is over. */
export async function startGateway(
  upstream: string,
  options: Partial<GatewayOptions> = {},
  config: KapacitorAuthConfig = {},
): Promise<StartedGateway> {
  const auth = await createAuth(config, USERS);
  const failures: string[] = [];
  const proxy = createUpstreamProxy(upstream, ({ message }) => failures.push(message));
  const server = createGateway(auth, { proxy, trustProxy: undefined, tls: undefined, ...options });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port, failures, send: (request) => send(port, request) };
}
