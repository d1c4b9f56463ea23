import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { type KapacitorAuth, type KapacitorAuthConfig, kapacitorAuth, type OptionalUser } from 'kapacitor-auth';

/**
 * Puts users and permissions in front of a server that has none, for HTTP and WebSockets. Clients must reach that server
 * through this gateway alone: it lets everybody in, and trusts `X-Forwarded-User`. `kapacitor-auth serve` is the same as a
 * command, with TLS and an orderly end.
 */
export function createGateway(
  config: KapacitorAuthConfig,
  upstream: string,
): { readonly app: Express; readonly server: Server; readonly auth: KapacitorAuth } {
  // A password in a URL would reach the upstream and its log.
  const auth = kapacitorAuth<string>({ ...config, http: { ...config.http, queryCredentials: false } });
  const app = express();
  app.disable('x-powered-by');
  app.use(auth);
  app.use((req: OptionalUser<Request>, res: Response, next: NextFunction) => {
    // http-proxy announces the body of such a request with the length 0: it could hide a second request.
    if (req.headers['transfer-encoding'] !== undefined && /^(?:DELETE|OPTIONS)$/.test(req.method)) {
      res.sendStatus(411);
      return;
    }
    nameUser(req.headers, req.user?.name, 'close');
    next();
  });
  // There is no body parser before the proxy, so a body of any length is passed on as it arrives.
  const proxy = createProxyMiddleware({
    target: upstream,
    changeOrigin: true,
    on: {
      // Without this, a client would wait for the rest of an answer that the upstream has aborted.
      proxyRes: (proxied, _req, res) => proxied.on('error', () => res.destroy()),
      error: (_error, _req, res) => {
        if (!('headersSent' in res) || res.headersSent) {
          res.destroy();
          return;
        }
        const message = 'the upstream does not answer';
        res.writeHead(502, { 'Content-Type': 'application/json; charset=utf-8' });
        res.end(JSON.stringify({ error: message, message }));
      },
    },
  });
  app.use(proxy);
  const server = createServer(app).on('upgrade', async (req, socket, head) => {
    // Another protocol would be a way around the guard.
    if (req.headers.upgrade?.toLowerCase() !== 'websocket') return socket.destroy();
    const user = await auth.authorizeUpgrade(req, socket, { app });
    if (user === undefined) return;
    nameUser(req.headers, user.name, 'Upgrade');
    proxy.upgrade(req, socket as Socket, head);
  });
  return { app, server, auth };
}

/**
 * @param name undefined on a public path, where nobody is logged in
 * @param connection replaces the client's, which could make proxies drop the header that names the user
 */
function nameUser(headers: IncomingHttpHeaders, name: string | undefined, connection: 'close' | 'Upgrade'): void {
  delete headers.authorization;
  // Many servers treat an underscore in a header's name like a dash.
  for (const header of Object.keys(headers)) {
    if (header.replaceAll('_', '-') === 'x-forwarded-user') delete headers[header];
  }
  if (connection === 'close') delete headers.upgrade;
  headers.connection = connection;
  // A name may have letters of any script, and a header may not.
  if (name !== undefined) headers['x-forwarded-user'] = encodeURIComponent(name);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const upstream = process.env['UPSTREAM'] ?? 'http://localhost:9093';
  const { app, server, auth } = createGateway({}, upstream);
  // A proxy in front, which terminates TLS, tells the client's address, by which failed logins are counted. Express
  // would read the text `1` as an address.
  const proxies = process.env['TRUST_PROXY'];
  if (proxies) app.set('trust proxy', /^\d+$/.test(proxies) ? Number(proxies) : proxies);
  await auth.ready;
  const { host = 'localhost', port } = auth.config.http.bindAddress;
  server.listen(port, host, () => {
    const { port } = server.address() as AddressInfo;
    console.log(`http://${host}:${port} passes requests on to ${upstream}`);
  });
  const stop = () => server.close(() => auth.close());
  process.once('SIGINT', stop).once('SIGTERM', stop);
}
