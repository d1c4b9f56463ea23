import assert from 'node:assert/strict';
import { kapacitorAuth } from 'kapacitor-auth';
import { serve } from './served.mjs';

const SESSION = '/kapacitor/v1/session';
const PAGE = { Accept: 'text/html' };

const auth = kapacitorAuth({
  http: { sessions: true, usersPage: true },
  auth: { store: 'memory:', bcryptCost: 4, admin: { name: 'jane', password: 'janePassword' } },
});
await auth.ready;
const { port, send, close } = await serve(auth);
const signIn = (password) => send('POST', SESSION, { body: { name: 'jane', password } });

const led = await send('GET', '/whoami', { headers: PAGE });
assert.equal(led.status, 303);
const page = await send('GET', `/${led.headers.location}`, { headers: PAGE });
assert.equal(page.status, 200);
assert.match(page.text, /<form/);

assert.equal((await signIn('wrongPassword')).status, 401);
const signedIn = await signIn('janePassword');
assert.equal(signedIn.status, 200);
const [cookie] = signedIn.headers['set-cookie'][0].split(';');
const { body } = await send('GET', '/whoami', { headers: { cookie } });
assert.deepEqual(body, { name: 'jane', credential: 'session' });
const users = await send('GET', '/kapacitor/v1/admin', { headers: { ...PAGE, cookie } });
assert.equal(users.status, 200);
assert.match(users.text, /<script/);

// A page of another site cannot end the session, and one of this site can.
const signOut = (origin) => send('DELETE', SESSION, { headers: { cookie, Origin: origin } });
assert.equal((await signOut('https://example.org')).status, 403);
assert.equal((await signOut(`http://127.0.0.1:${port}`)).status, 204);
assert.equal((await send('GET', '/whoami', { headers: { cookie } })).status, 401);
await close();
