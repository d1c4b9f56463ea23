import { setTimeout } from 'node:timers/promises';
import { basicCredentials } from './client.js';
import type { Account, Secret, Settle } from './soak-account.js';
import type { Answer, Sent, SoakClient } from './soak-client.js';
import { History, type ModelPermission, type ModelUser } from './soak-model.js';
import { ROOT } from './soak-settings.js';
import type { Verdicts } from './soak-verdicts.js';

const API = '/kapacitor/v1';
/** Keys, and sessions, of one user. */
const MOST_SECRETS = 3;
const PERMISSIONS: readonly (readonly ModelPermission[])[] = [[], ['api'], ['config_api'], ['api', 'config_api']];

type Made = Exclude<ModelUser, undefined>;

interface Deed {
  readonly what: string;
  readonly sent: Sent;
  readonly expected: readonly number[];
  /** Changes the model as the server changes its users. */
  readonly begin: (time: number) => Settle[];
}

/** Changes users, their keys and their sessions, through one server or the other. The changes of one user come one after another. */
export class Changer {
  readonly #clients: readonly SoakClient[];
  readonly #verdicts: Verdicts;
  #count = 0;

  constructor(clients: readonly SoakClient[], verdicts: Verdicts) {
    this.#clients = clients;
    this.#verdicts = verdicts;
  }

  /**
   * Changes one user until it is told to stop.
   *
   * @param every milliseconds between two changes, on average
   */
  async run(account: Account, every: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#changeSomething(account);
      account.forget(performance.now());
      await setTimeout(every * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #changeSomething(account: Account): Promise<void> {
    const user = account.user.latest;
    if (!account.isSettled) await this.#reset(account);
    else if (user === undefined) await this.#create(account);
    else await pick(this.#deeds(account, user))();
  }

  #deeds(account: Account, user: Made): readonly (() => Promise<unknown>)[] {
    const [keys, sessions] = [account.alive('key'), account.alive('session')];
    const deeds = [
      () => this.#patch(account, { ...user, enabled: !user.enabled }),
      () => this.#patch(account, { ...user, permissions: pick(PERMISSIONS) }),
      () => this.#patch(account, { ...user, password: this.#newPassword() }),
      () => this.#reset(account),
      ...(user.enabled ? [() => this.#changeOwnPassword(account, user)] : []),
      ...(keys.length > 0 ? [() => this.#deleteKey(account, pick(keys))] : []),
      ...(sessions.length > 0
        ? [() => this.#signOut(account, pick(sessions)), () => this.#endSessions(account, sessions)]
        : []),
    ];
    const made = [
      ...(keys.length < MOST_SECRETS ? [() => this.#addKey(account)] : []),
      ...(sessions.length < MOST_SECRETS && user.enabled ? [() => this.#signIn(account, user)] : []),
    ];
    // Half of the changes make keys and sessions, as long as there is room: there is something to end.
    return made.length > 0 && Math.random() < 0.5 ? made : deeds;
  }

  /** Deletes a user. An earlier change may or may not have been made. */
  #reset(account: Account): Promise<Answer> {
    return this.#change({
      what: `delete ${account.name}`,
      sent: byRoot('DELETE', `/users/${account.name}`),
      expected: account.isSettled ? [204] : [204, 404],
      begin: (time) => [...account.become(undefined, time), ...account.end(account.secrets, time)],
    });
  }

  #create(account: Account): Promise<Answer> {
    const user = { password: this.#newPassword(), permissions: pick(PERMISSIONS), enabled: true };
    const { password, permissions } = user;
    return this.#change({
      what: `create ${account.name}`,
      sent: byRoot('POST', '/users', { name: account.name, password, permissions }),
      expected: [200],
      begin: (time) => account.become(user, time),
    });
  }

  #patch(account: Account, user: Made, by?: Made): Promise<Answer> {
    const { password, permissions, enabled } = account.user.latest as Made;
    const body = {
      ...(user.password !== password && { password: user.password }),
      ...(user.permissions !== permissions && { permissions: user.permissions }),
      ...(user.enabled !== enabled && { enabled: user.enabled }),
    };
    const sent = byRoot('PATCH', `/users/${account.name}`, body);
    const own = by && { from: account.home, headers: { Authorization: basicCredentials(account.name, by.password) } };
    const ended = user.password === password && user.enabled ? [] : account.alive('session');
    return this.#change({
      what: `change ${account.name}: ${Object.keys(body).join()}${by ? ' by itself' : ''}`,
      sent: { ...sent, ...own },
      expected: [200],
      begin: (time) => [...account.become(user, time), ...account.end(ended, time)],
    });
  }

  #changeOwnPassword(account: Account, user: Made): Promise<Answer> {
    return this.#patch(account, { ...user, password: this.#newPassword() }, user);
  }

  async #addKey(account: Account): Promise<void> {
    this.#count += 1;
    const { status, text } = await this.#change({
      what: `add a key of ${account.name}`,
      sent: byRoot('POST', `/users/${account.name}/keys`, { name: `key ${this.#count}` }),
      expected: [200],
      begin: () => [],
    });
    if (status !== 200) return;
    const { id, key } = JSON.parse(text) as { readonly id: string; readonly key: string };
    account.secrets.push(secretOf('key', `Bearer ${key}`, id));
  }

  #deleteKey(account: Account, key: Secret): Promise<Answer> {
    return this.#change({
      what: `delete a key of ${account.name}`,
      sent: byRoot('DELETE', `/users/${account.name}/keys/${key.id}`),
      expected: [204],
      begin: (time) => account.end([key], time),
    });
  }

  async #signIn(account: Account, { password }: Made): Promise<void> {
    const { status, headers } = await this.#change({
      what: `sign ${account.name} in`,
      sent: { method: 'POST', path: `${API}/session`, from: account.home, body: { name: account.name, password } },
      expected: [200],
      begin: () => [],
    });
    if (status !== 200) return;
    const [cookie = ''] = (headers['set-cookie'] ?? []).at(-1)?.split(';') ?? [];
    account.secrets.push(secretOf('session', cookie));
  }

  #signOut(account: Account, session: Secret): Promise<Answer> {
    return this.#change({
      what: `sign ${account.name} out`,
      sent: {
        method: 'DELETE',
        path: `${API}/session`,
        from: account.home,
        headers: { Cookie: session.value, 'Sec-Fetch-Site': 'same-origin' },
      },
      expected: [204],
      begin: (time) => account.end([session], time),
    });
  }

  #endSessions(account: Account, sessions: readonly Secret[]): Promise<Answer> {
    return this.#change({
      what: `end the sessions of ${account.name}`,
      sent: byRoot('DELETE', `/users/${account.name}/sessions`),
      expected: [204],
      begin: (time) => account.end(sessions, time),
    });
  }

  async #change({ what, sent, expected, begin }: Deed): Promise<Answer> {
    const server = Math.random() < 0.5 ? 0 : 1;
    const settle = begin(performance.now());
    const answer = await (this.#clients[server] as SoakClient).send(sent);
    const isMade = expected.includes(answer.status);
    if (isMade) for (const each of settle) each(answer.answered);
    this.#verdicts.judge({ kind: 'change', what, server, isChange: true, ...answer }, () => isMade);
    return answer;
  }

  #newPassword(): string {
    this.#count += 1;
    return `password number ${this.#count}`;
  }
}

function byRoot(method: string, path: string, body?: object): Sent {
  const headers = { Authorization: basicCredentials(ROOT.name, ROOT.password) };
  return { method, path: `${API}${path}`, from: '10.255.0.1', headers, ...(body && { body }) };
}

function secretOf(kind: Secret['kind'], value: string, id = ''): Secret {
  return { kind, id, value, alive: new History(true), endedAt: Number.POSITIVE_INFINITY };
}

export function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)] as T;
}
