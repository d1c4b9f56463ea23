import type { ClientRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import express, { type Express, type Request } from 'express';
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
  // No body parser comes before this: a body goes through as it arrives, however long it is.
  app.use(
    createProxyMiddleware<Request>({
      target: upstream,
      changeOrigin: true,
      on: {
        proxyReq: (proxied, req) => nameUser(proxied, req.user.name),
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

function nameUser(proxied: ClientRequest, name: string): void {
  proxied.removeHeader('Authorization');
  // Many a server takes an underscore for a dash.
  const forged = proxied.getHeaderNames().filter((header) => header.replaceAll('_', '-') === 'x-forwarded-user');
  for (const header of forged) proxied.removeHeader(header);
  // Nor may a client ask another proxy on the way to drop the header, which `Connection: X-Forwarded-User` does.
  proxied.removeHeader('Upgrade');
  proxied.setHeader('Connection', 'close');
  // A name has letters of any script, and a header has not.
  proxied.setHeader('X-Forwarded-User', encodeURIComponent(name));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const upstream = process.env['UPSTREAM'] ?? 'http://localhost:9093';
  const { app, auth } = createGateway({}, upstream);
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
