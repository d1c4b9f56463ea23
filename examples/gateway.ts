import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import express, { type Express } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { type KapacitorAuth, type KapacitorAuthConfig, kapacitorAuth } from 'kapacitor-auth';

/**
 * Puts users and permissions in front of a server that has none. Clients must reach that server through this gateway alone:
 * it lets everybody in, and trusts `X-Forwarded-User`.
 */
export function createGateway(
  config: KapacitorAuthConfig,
  upstream: string,
): { readonly app: Express; readonly auth: KapacitorAuth } {
  // A password in a URL would reach the upstream and its log.
  const auth = kapacitorAuth({ ...config, http: { ...config.http, queryCredentials: false } });
  const app = express();
  app.disable('x-powered-by');
  app.use(auth);
  // The proxy's event proxyReq would be too late: a request with an Expect header does not emit it.
  app.use((req, _res, next) => {
    nameUser(req.headers, req.user.name);
    next();
  });
  // There is no body parser before the proxy, so a body of any length is passed on as it arrives.
  app.use(
    createProxyMiddleware({
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
    }),
  );
  return { app, auth };
}

function nameUser(headers: IncomingHttpHeaders, name: string): void {
  delete headers.authorization;
  // Many servers treat an underscore in a header's name like a dash.
  for (const header of Object.keys(headers)) {
    if (header.replaceAll('_', '-') === 'x-forwarded-user') delete headers[header];
  }
  // A client could make proxies drop the header that names the user: `Connection: X-Forwarded-User`.
  delete headers.upgrade;
  headers.connection = 'close';
  // A name may have letters of any script, and a header may not.
  headers['x-forwarded-user'] = encodeURIComponent(name);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const upstream = process.env['UPSTREAM'] ?? 'http://localhost:9093';
  const { app, auth } = createGateway({}, upstream);
  // A proxy in front, which terminates TLS, tells the client's address, by which failed logins are counted. Express
  // would read the text `1` as an address.
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
