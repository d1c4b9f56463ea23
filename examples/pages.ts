import type { AddressInfo } from 'node:net';
import express from 'express';
import { kapacitorAuth, type OptionalUser, type User } from 'kapacitor-auth';

const auth = kapacitorAuth('kapacitor.conf', { http: { sessions: true, realm: 'Reports', public: ['GET /about'] } });
await auth.ready;

const app = express();
// Behind a proxy that ends TLS, the app must trust it: the cookie of a session needs HTTPS, except on localhost.
// app.set('trust proxy', 'loopback');
app.use(auth);

app.get('/', (req, res) => {
  res.send(page('Reports', req.user, '<ul><li><a href="/reports/2026">The report of 2026</a></li></ul>'));
});
app.get('/reports/:year', (req, res) => {
  res.send(page(`The report of ${escaped(req.params.year)}`, req.user, '<p>All is well.</p>'));
});
app.get('/about', (req: OptionalUser<express.Request>, res: express.Response) => {
  res.send(page('About', req.user, '<p>Everybody may read this.</p>'));
});

/** A page with a form to sign out. Only a POST from a page of this host ends a session. */
function page(title: string, user: User | undefined, content: string): string {
  const account =
    user === undefined
      ? '<p><a href="/kapacitor/v1/sign-in?next=/about">Sign in</a></p>'
      : `<form method="post" action="/kapacitor/v1/sign-out">
<p>Signed in as <strong>${escaped(user.name)}</strong> <button>Sign out</button></p>
</form>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
${account}
<h1>${title}</h1>
${content}
</html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const server = app.listen(process.env['PORT'] ?? 9092, () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
