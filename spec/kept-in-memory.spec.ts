import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ask, startProcess } from './support/child-process.js';
import { keptTexts } from './support/heap-snapshot.js';
import { basic, type SentRequest, send } from './support/server.js';
import { cookieOf, FORM, SESSION, SIGN_IN } from './support/signed-in.js';
import { temporaryFolder } from './support/temporary-folder.js';
import { handmadeToken, inSeconds } from './support/tokens.js';
import { USERS } from './support/users-server.js';

/** Longer than 12 characters: V8 makes a part of a text a reference into the whole from 13 on. */
const NAME = 'somebody-with-a-name';
const JSON_TYPE = { 'Content-Type': 'application/json' };

const randomSecret = () => `secret-${randomBytes(12).toString('hex')}`;

/**
 * Logs in, signs in, changes users and is refused, with every kind of credentials.
 *
 * @param ofAdmin the password of `root`
 * @returns all the secrets that were sent
 */
async function useEverySecret(port: number, ofAdmin: string): Promise<string[]> {
  const secrets = [ofAdmin];
  const kept = (secret: string) => {
    secrets.push(secret);
    return secret;
  };
  const newSecret = () => kept(randomSecret());
  const request = (sent: SentRequest) => send(port, { isDocumented: false, ...sent });
  const asked = (headers: Record<string, string>, path = '/orders/of-somebody') => request({ path, headers });
  const letIn = async (headers: Record<string, string>, path?: string) =>
    expect((await asked(headers, path)).body.name).toBe(NAME);
  const change = (method: string, path: string, body: object, auth = `root:${ofAdmin}`) =>
    request({ method, path, auth, headers: JSON_TYPE, body: JSON.stringify(body) });
  const header = (name: string, password: string) => ({ Authorization: kept(basic(`${name}:${password}`)) });

  const [first, password] = [newSecret(), newSecret()];
  await change('POST', USERS, { name: NAME, password: first, permissions: ['api'] });
  await letIn(header(NAME, first));
  await change('PATCH', `${USERS}/${NAME}`, { password, currentPassword: first }, `${NAME}:${first}`);
  for (let count = 0; count < 3; count += 1) await letIn(header(NAME, password));
  await letIn(header(NAME, password), `/orders/of-somebody-else?token=${newSecret()}`);
  for (const name of [NAME, 'nobody-with-a-long-name']) await asked(header(name, newSecret()));
  await letIn({}, `/orders/by-query?u=${NAME}&p=${password}`);
  await asked({}, `/orders/by-query?u=${NAME}&p=${newSecret()}`);
  await change('PATCH', `${USERS}/${NAME}?p=${newSecret()}`, { note: 'x' });

  const { key } = (await change('POST', `${USERS}/${NAME}/keys`, { name: 'machine' })).body;
  await letIn({ Authorization: `Bearer ${kept(key)}` });
  await letIn(header(NAME, key));
  await asked({ Authorization: `Bearer ${key}x` });

  const credentials = JSON.stringify({ name: NAME, password });
  const session = cookieOf(await request({ method: 'POST', path: SESSION, headers: JSON_TYPE, body: credentials }));
  await letIn({ Cookie: `other=${newSecret()}; ${kept(session)}` });
  for (const each of [password, newSecret()]) {
    await request({ method: 'POST', path: SIGN_IN, headers: FORM, body: `name=${NAME}&password=${each}` });
  }

  const token = handmadeToken({ username: NAME, exp: inSeconds(60_000) });
  await letIn({ Authorization: `Bearer ${kept(token)}` });
  await asked({ Authorization: `Bearer ${token}x` });
  return secrets;
}

it.each(['memory:', 'sqlite:'])(
  'a process with the store %s keeps no password, key, session or token that it was sent, nor the first password of its admin, and neither do its events',
  async (store) => {
    const folder = temporaryFolder();
    const ofAdmin = randomSecret();
    const env = {
      ...process.env,
      KAPACITOR_AUTH_ADMIN_USERNAME: 'root',
      KAPACITOR_AUTH_ADMIN_PASSWORD: ofAdmin,
    };
    const args = [store === 'memory:' ? store : store + join(folder, 'users.db')];
    const child = await startProcess('memory-program', args, { env });
    const port = (await ask(child, {})) as number;
    const secrets = await useEverySecret(port, ofAdmin);
    const file = join(folder, 'snapshot.heapsnapshot');
    // The answer comes after the last request is forgotten.
    await send(port, { path: '/', isDocumented: false });
    await ask(child, { file });
    const kept = [...keptTexts(readFileSync(file, 'utf8'))];
    const found = kept.filter(([text]) => secrets.some((secret) => text.includes(secret)));
    expect(found.map(([, keepers]) => keepers)).toEqual([]);
    // The snapshot has what is kept.
    expect(kept.some(([text]) => text === NAME)).toBe(true);
  },
);
