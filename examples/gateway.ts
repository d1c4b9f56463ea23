import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import express, { type Express } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { type KapacitorAuth, type KapacitorAuthConfig, kapacitorAuth } from 'kapacitor-auth';

/**
 * Users and permissions for a server that has none. It must be reachable through this gateway alone, since it lets
 * everybody in, and believes what `X-Forwarded-User` says.
 */
export function createGateway(
  config: KapacitorAuthConfig,
  upstream: string,
): { readonly app: Express; readonly auth: KapacitorAuth } {
  // A password in a URL would go on to the upstream, and into its log.
  const auth = kapacitorAuth({ ...config, http: { ...config.http, queryCredentials: false } });
  const app = express();
  app.disable('x-powered-by');
  app.use(auth);
  // Not in the proxy's event proxyReq: there is none for a request with an Expect header.
  app.use((req, _res, next) => {
    nameUser(req.headers, req.user.name);
    next();
  });
  // No body parser comes before this: a body goes through as it arrives, however long it is.
  app.use(
    createProxyMiddleware({
      target: upstream,
      changeOrigin: true,
      on: {
        // Without this a client would wait for the rest of an answer that the upstream has broken off.
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
    }),
  );
  return { app, auth };
}

function nameUser(headers: IncomingHttpHeaders, name: string): void {
  delete headers.authorization;
  // Many a server takes an underscore for a dash.
  for (const header of Object.keys(headers)) {
    if (header.replaceAll('_', '-') === 'x-forwarded-user') delete headers[header];
  }
  // A client could ask proxies on the way to drop the name: `Connection: X-Forwarded-User`.
  delete headers.upgrade;
  headers.connection = 'close';
  // A name has letters of any script, and a header has not.
  headers['x-forwarded-user'] = encodeURIComponent(name);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const upstream = process.env['UPSTREAM'] ?? 'http://localhost:9093';
  const { app, auth } = createGateway({}, upstream);
  // The proxy in front, which speaks TLS, says whose failed logins they are. To Express the text `1` would be an address.
  const proxies = process.env['TRUST_PROXY'];
  if (proxies) app.set('trust proxy', /^\d+$/.test(proxies) ? Number(proxies) : proxies);
  await auth.ready;
  const { host = 'localhost', port } = auth.config.http.bindAddress;
  const server = app.listen(port, host, (error) => {
    if (error) throw error;
    const { port } = server.address() as AddressInfo;
    console.log(`http://${host}:${port} is the way to ${upstream}`);
  });
  const stop = () => server.close(() => auth.close());
  process.once('SIGINT', stop).once('SIGTERM', stop);
}
