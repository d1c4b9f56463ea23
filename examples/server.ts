import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import express, { type Express } from 'express';
import { type KapacitorAuth, KapacitorAuthError, kapacitorAuth } from 'kapacitor-auth';

const USAGE = 'usage: npm start -- [-config FILE]';
const { version } = createRequire(import.meta.url)('kapacitor-auth/package.json') as { version: string };

/** The hosts by which a browser on this machine reaches it. */
const LOCALHOST = ['localhost', '127.0.0.1', '[::1]'];

/** Milliseconds that requests have to finish when the server is stopped. */
const SHUTDOWN_TIMEOUT = 10_000;

/** A cause outside of this program prevents the start. The message is enough; a stack would not help. */
class StartError extends Error {}

try {
  await start(configPath());
} catch (error) {
  if (!(error instanceof KapacitorAuthError || error instanceof StartError)) throw error;
  exit(1, error.message);
}

async function start(path: string): Promise<void> {
  const auth = kapacitorAuth(path);
  restrictHosts(auth);
  await auth.ready;
  const server = createServer(auth, createApp(auth));
  await listen(server, auth);

  const stop = () => {
    server.close(() => auth.close());
    setTimeout(() => server.closeAllConnections(), SHUTDOWN_TIMEOUT).unref();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);

  console.log(await greeting(auth, urlOf(server, auth), path));
}

/**
 * While authentication is off, everybody who reaches this server is an admin. A page of another site could reach it too,
 * by resolving the site's name to this machine's address (DNS rebinding). The `Host` of its requests is that name.
 */
function restrictHosts(auth: KapacitorAuth): void {
  if (auth.authEnabled || auth.allowedHosts !== undefined) return;
  const host = boundHost(auth);
  const bound = host === undefined ? addressesOfThisMachine() : [host];
  auth.allowedHosts = [...new Set([...LOCALHOST, ...bound.map(inUrl)])];
}

function addressesOfThisMachine(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}

/** The host that the server is bound to. Undefined stands for every address of this machine. */
function boundHost({ config }: KapacitorAuth): string | undefined {
  const { host } = config.http.bindAddress;
  return host === '0.0.0.0' || host === '::' ? undefined : host;
}

function inUrl(host: string): string {
  // Browsers leave the zone of an address out of `Host`.
  return host.includes(':') ? `[${host.replace(/%.*/, '')}]` : host;
}

function createApp(auth: KapacitorAuth): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  trustProxy(app);
  // Kapacitor's clients expect this header, with and without credentials.
  app.use((_req, res, next) => {
    res.set('X-Kapacitor-Version', version);
    next();
  });
  app.use(auth);
  app.get('/kapacitor/v1/ping', (_req, res) => res.status(204).end());
  app.get('/kapacitor/v1/tasks', (_req, res) => res.json({ tasks: [] }));
  app.use((_req, res) => res.status(404).json({ error: 'Not Found', message: 'Not Found' }));
  return app;
}

/** Failed logins are counted by address. Without this setting, all clients of a proxy have the address of the proxy. */
function trustProxy(app: Express): void {
  const proxies = process.env['TRUST_PROXY'];
  if (!proxies) return;
  try {
    // Express would read the text `1` as an address.
    app.set('trust proxy', /^\d+$/.test(proxies) ? Number(proxies) : proxies);
  } catch (error) {
    throw new StartError(`TRUST_PROXY is the number or the addresses of your proxies: ${(error as Error).message}`);
  }
}

function createServer({ config: { http } }: KapacitorAuth, app: RequestListener): Server {
  if (http.https === undefined) return createHttpServer(app);
  const { certificate, privateKey } = http.https;
  const [cert, key] = [readPem('https-certificate', certificate), readPem('https-private-key', privateKey)];
  try {
    return createHttpsServer({ cert, key }, app);
  } catch (error) {
    throw new StartError(`cannot serve https:// with ${certificate} and ${privateKey}: ${(error as Error).message}`);
  }
}

function readPem(key: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new StartError(`cannot read [http] ${key}: ${(error as Error).message}`);
  }
}

function listen(server: Server, { config }: KapacitorAuth): Promise<void> {
  const { host, port } = config.http.bindAddress;
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new StartError(`cannot listen ([http] bind-address): ${error.message}`)));
    server.listen(port, host, resolve);
  });
}

function urlOf(server: Server, auth: KapacitorAuth): string {
  // A client cannot connect to port 0, nor to an address that stands for all addresses.
  const { port } = server.address() as AddressInfo;
  return `${auth.config.http.https ? 'https' : 'http'}://${inUrl(boundHost(auth) ?? 'localhost')}:${port}`;
}

async function greeting(auth: KapacitorAuth, url: string, path: string): Promise<string> {
  const { enabled, store } = auth.config.auth;
  return [
    `Listening on ${url}`,
    ...(auth.authEnabled ? ['Authentication is on'] : withoutAuthentication(auth)),
    ...(enabled && auth.config.http.usersPage ? [`The page for users is ${url}/kapacitor/v1/admin`] : []),
    enabled ? `The users are in ${store}` : 'There are no users and no users API: [auth] enabled is false',
    '',
    ...(await nextSteps(auth, url, path)),
  ].join('\n');
}

function withoutAuthentication({ allowedHosts = [] }: KapacitorAuth): string[] {
  if (allowedHosts.includes('*')) {
    return [
      'Authentication is off, and requests for every host are answered ([http] allowed-hosts).',
      'A page of another site can reach this server under a name of its own (DNS rebinding), and is an admin.',
    ];
  }
  return [
    `Authentication is off: only requests for ${allowedHosts.join(', ')} are answered.`,
    'Otherwise a page of another site could reach this server under a name of its own (DNS rebinding).',
    '[http] allowed-hosts, or KAPACITOR_HTTP_ALLOWED_HOSTS, names other hosts.',
  ];
}

async function nextSteps(auth: KapacitorAuth, url: string, path: string): Promise<string[]> {
  if (!auth.config.auth.enabled) {
    return [
      'To have users, stop this server, set  enabled = true  below [auth], or KAPACITOR_AUTH_ENABLED=true,',
      'and start again.',
    ];
  }
  const switchOn = [
    'To switch authentication on, stop this server, set  auth-enabled = true  below [http],',
    'or KAPACITOR_HTTP_AUTH_ENABLED=true in the environment, and start again.',
  ];
  const hasUsers = (await auth.users.list({ limit: 1 })).length > 0;
  if (auth.authEnabled && hasUsers) {
    return ['Try it, as a user of yours:', `  curl ${url}/kapacitor/v1/tasks -u "NAME:PASSWORD"`];
  }
  if (auth.authEnabled) {
    return [
      'There are no users yet: nobody can get in. Make the first admin, in another terminal:',
      `  npx kapacitor-auth user add exampleUsername --type admin --config ${path} --store ${auth.config.auth.store}`,
    ];
  }
  if (hasUsers) return switchOn;
  const firstAdmin = '{"name": "exampleUsername", "password": "examplePassword", "type":"admin"}';
  return [
    'There are no users yet. Make the first admin:',
    `  curl --request POST '${url}/kapacitor/v1/users' --data '${firstAdmin}'`,
    ...switchOn,
  ];
}

/** As with Kapacitor: the flag, then the environment, then a default. Here the default is the example's file. */
function configPath(): string {
  // Kapacitor's flag is -config, with one dash. parseArgs expects two.
  const args = process.argv.slice(2).map((arg) => arg.replace(/^-(?=[a-z]{2})/, '--'));
  try {
    const { config } = parseArgs({ args, options: { config: { type: 'string' } } }).values;
    return config || process.env['KAPACITOR_CONFIG_PATH'] || fileURLToPath(new URL('kapacitor.conf', import.meta.url));
  } catch (error) {
    return exit(2, `${(error as Error).message}\n${USAGE}`);
  }
}

function exit(code: number, message: string): never {
  console.error(message);
  process.exit(code);
}
