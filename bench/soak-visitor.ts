import { basicCredentials } from './client.js';
import type { Account } from './soak-account.js';
import { pick } from './soak-changer.js';
import type { Answer, Sent, SoakClient } from './soak-client.js';
import { allowedStatuses, type Credentials, type ModelPermission, mayBeRead, THROUGH } from './soak-model.js';
import { ROOT } from './soak-settings.js';
import type { Verdicts } from './soak-verdicts.js';

const API = '/kapacitor/v1';
const PAGE = `${API}/admin`;
/** The paths of the app, and the permission that each needs. */
const PATHS: readonly (readonly [path: string, needs: ModelPermission])[] = [
  [`${API}/tasks`, 'api'],
  [`${API}/config/influxdb`, 'config_api'],
];
/** Requests in flight beyond which none is sent: the servers wait for their store. */
const MOST_IN_FLIGHT = 200;

type Visit = 'password' | 'former' | 'key' | 'session' | 'unknown' | 'nobody' | 'read' | 'page' | 'guess';

/** How many of a hundred requests are of each kind. */
const SHARES: Readonly<Record<Visit, number>> = {
  password: 34,
  former: 4,
  key: 20,
  session: 20,
  unknown: 4,
  nobody: 3,
  read: 8,
  page: 4,
  guess: 3,
};
const DICE = Object.entries(SHARES).flatMap(([visit, share]) => Array<Visit>(share).fill(visit as Visit));

/** Sends requests to both servers, and compares each answer with the oracle. */
export class Visitor {
  /** Requests that were not sent, because too many were in flight. */
  skipped = 0;
  readonly #clients: readonly SoakClient[];
  readonly #accounts: readonly Account[];
  readonly #verdicts: Verdicts;
  readonly #cookie: string;
  readonly #inFlight = new Set<Promise<void>>();
  #strangers = 0;

  /** @param cookie of a session of the admin */
  constructor(clients: readonly SoakClient[], accounts: readonly Account[], verdicts: Verdicts, cookie: string) {
    this.#clients = clients;
    this.#accounts = accounts;
    this.#verdicts = verdicts;
    this.#cookie = cookie;
  }

  /** Sends one request. */
  visit(): void {
    if (this.#inFlight.size >= MOST_IN_FLIGHT) {
      this.skipped += 1;
      return;
    }
    const visit = this.#make(pick(DICE)).finally(() => this.#inFlight.delete(visit));
    this.#inFlight.add(visit);
  }

  /** Waits for the answers to all requests. */
  async end(): Promise<void> {
    await Promise.all(this.#inFlight);
  }

  #make(visit: Visit): Promise<void> {
    switch (visit) {
      case 'password':
      case 'former':
        return this.#logIn(visit);
      case 'key':
      case 'session':
        return this.#useSecret(visit);
      case 'unknown':
        return this.#expect('unknown', 'a name that nobody has', 401, {
          from: this.#stranger(),
          headers: { Authorization: basicCredentials(`nobody${this.#strangers}`, 'a password') },
        });
      case 'nobody':
        return this.#expect('nobody', 'no credentials', 401, { from: this.#stranger() }, false);
      case 'read':
        return this.#read();
      case 'page':
        return this.#openPage();
      case 'guess':
        return this.#guess();
    }
  }

  async #logIn(kind: 'password' | 'former'): Promise<void> {
    const account = pick(this.#accounts);
    const password = kind === 'former' ? account.former : (account.user.latest?.password ?? account.former);
    await this.#use(
      account,
      kind,
      { with: 'password', password },
      { Authorization: basicCredentials(account.name, password) },
    );
  }

  async #useSecret(kind: 'key' | 'session'): Promise<void> {
    const owners = this.#accounts.filter(({ secrets }) => secrets.some((secret) => secret.kind === kind));
    if (owners.length === 0) return;
    const account = pick(owners);
    const { value, alive } = pick(account.secrets.filter((secret) => secret.kind === kind));
    const headers = kind === 'key' ? { Authorization: value } : { Cookie: value };
    await this.#use(account, kind, { with: 'secret', alive }, headers);
  }

  async #use(
    account: Account,
    kind: string,
    credentials: Credentials,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const [path, needs] = pick(PATHS);
    const { name, user } = account;
    const time = performance.now();
    const now = allowedStatuses({ user, credentials, needs, asked: time, answered: time }, 0);
    // A failure counts for the address: refusals that are expected come from a new one each time.
    const from = now.has(401) ? this.#stranger() : account.home;
    const { server, answer } = await this.#send({ path, from, headers });
    const { asked, answered, status } = answer;
    const verdict = { kind, what: `${name} at ${path}`, server, ...answer };
    this.#verdicts.judge(verdict, (lag) => {
      if (!allowedStatuses({ user, credentials, needs, asked, answered }, lag).has(status)) return false;
      return status !== THROUGH || JSON.parse(answer.text).user === name;
    });
  }

  /** An admin reads a user. */
  async #read(): Promise<void> {
    const { name, user } = pick(this.#accounts);
    const { server, answer } = await this.#byRoot(`${API}/users/${name}`);
    const { status, asked, answered, text } = answer;
    this.#verdicts.judge({ kind: 'read', what: name, server, ...answer }, (lag) => {
      if (status !== 200 && status !== 404) return false;
      // The field is there for a disabled user only.
      const read = status === 404 ? undefined : { enabled: true, ...JSON.parse(text) };
      return mayBeRead(user, read, { asked, answered, lag });
    });
  }

  /** The page for users with its script and style, in the browser of an admin. */
  async #openPage(): Promise<void> {
    const headers = { Cookie: this.#cookie, Accept: 'text/html' };
    const { server, answer } = await this.#send({ path: PAGE, from: '10.255.0.2', headers });
    this.#verdicts.judge({ kind: 'page', what: PAGE, server, ...answer }, () => answer.status === 200);
    if (answer.status !== 200) return;
    const assets = [...answer.text.matchAll(/"(\?asset=[^"]+)"/g)].map(([, href = '']) =>
      href.replaceAll('&amp;', '&'),
    );
    for (const asset of assets) {
      const file = await this.#send({ path: `${PAGE}${asset}`, from: '10.255.0.2', headers });
      const verdict = { kind: 'asset', what: asset, server: file.server, ...file.answer, needsStore: false };
      this.#verdicts.judge(verdict, () => file.answer.status === 200 && file.answer.text.length > 100);
    }
  }

  /** Somebody guesses at one user from one address. */
  async #guess(): Promise<void> {
    this.#strangers += 1;
    const { name } = this.#accounts[0] as Account;
    const headers = { Authorization: basicCredentials(name, `guess ${this.#strangers}`) };
    const { server, answer } = await this.#send({ path: `${API}/tasks`, from: '10.254.0.1', headers });
    const verdict = { kind: 'guess', what: name, server, ...answer, needsStore: false };
    this.#verdicts.judge(verdict, () => answer.status === 401 || answer.status === 429);
    if (answer.status === 401) this.#verdicts.guessed(verdict);
  }

  async #expect(
    kind: string,
    what: string,
    status: number,
    sent: Omit<Sent, 'path'>,
    needsStore = true,
  ): Promise<void> {
    const { server, answer } = await this.#send({ path: `${API}/tasks`, ...sent });
    this.#verdicts.judge({ kind, what, server, ...answer, needsStore }, () => answer.status === status);
  }

  #byRoot(path: string): Promise<{ server: number; answer: Answer }> {
    const headers = { Authorization: basicCredentials(ROOT.name, ROOT.password) };
    return this.#send({ path, from: '10.255.0.1', headers });
  }

  async #send(sent: Sent): Promise<{ server: number; answer: Answer }> {
    const server = Math.random() < 0.5 ? 0 : 1;
    return { server, answer: await (this.#clients[server] as SoakClient).send(sent) };
  }

  /** An address that nobody has had before. */
  #stranger(): string {
    this.#strangers += 1;
    const number = this.#strangers;
    return `172.${16 + ((number >> 16) & 15)}.${(number >> 8) & 255}.${number & 255}`;
  }
}
