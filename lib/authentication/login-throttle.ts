import { hash as digest } from 'node:crypto';
import { ThrottledError } from '../errors.js';
import { BoundedCache } from './bounded-cache.js';
import { BoundedRateLimiter } from './bounded-rate-limiter.js';

/** How many times as many failures as at one user there may be from one client, and at one user from everywhere. */
const WIDER = 10;
/** Milliseconds: 30 days. */
const KNOWN_FOR = 2_592_000_000;
const MAX_KNOWN = 20_000;

export interface LoginThrottleOptions {
  /** How many failures a client may have at one user in a window; 0 throttles nothing. */
  readonly failureLimit: number;
  /** Milliseconds; 0 throttles nothing. */
  readonly failureWindow: number;
}

interface Limits {
  /** Of a client at a user. What is being verified counts as well: many at once are not more than one by one. */
  readonly pair: BoundedRateLimiter;
  /** Of a client at all users. What is being verified does not count: many users may come at once from one address. */
  readonly client: BoundedRateLimiter;
  /** Of all clients at a user. */
  readonly user: BoundedRateLimiter;
  /** What a user has when that is used up: it gets slow, and does not stop. */
  readonly trickle: BoundedRateLimiter;
}

/** What an attempt has used up until it is known to be no failure. */
interface Admission {
  /** It is one: for this it counts. */
  keep(): Promise<void>;
  /** It is none. */
  giveBack(): Promise<void>;
}

const NOTHING: Admission = { keep: async () => {}, giveBack: async () => {} };

/**
 * Bounds how often passwords can be guessed. Whether there is a user of that name makes no difference.
 *
 * Nobody is locked out by what others do: a client that has been let in as a user before is only measured by its own
 * failures at that user.
 */
export class LoginThrottle {
  readonly #limits: Limits | undefined;
  /** Which clients have been let in as which users. */
  readonly #known = new BoundedCache<true>(KNOWN_FOR, MAX_KNOWN);

  constructor({ failureLimit, failureWindow }: LoginThrottleOptions) {
    if (failureLimit === 0 || failureWindow === 0) return;
    this.#limits = {
      pair: new BoundedRateLimiter(failureLimit, failureWindow),
      client: new BoundedRateLimiter(failureLimit * WIDER, failureWindow),
      user: new BoundedRateLimiter(failureLimit * WIDER, failureWindow),
      trickle: new BoundedRateLimiter(1, failureWindow / failureLimit),
    };
  }

  /** Tells whether failures are counted. */
  get isOn(): boolean {
    return this.#limits !== undefined;
  }

  /**
   * Lets an attempt be verified, if there have not been too many failures, and counts it if it fails.
   *
   * @param client see {@link clientNetwork}
   * @param verify gives undefined if the attempt failed; what it throws is no failure
   * @throws {ThrottledError} it is not verified
   */
  async attempt<T>(
    client: string,
    name: string,
    verify: (isKnown: boolean) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const isKnown = this.isKnown(client, name);
    const admission = this.#limits === undefined ? NOTHING : await this.#admit(this.#limits, client, name, isKnown);
    try {
      const outcome = await verify(isKnown);
      await (outcome === undefined ? admission.keep() : admission.giveBack());
      return outcome;
    } catch (error) {
      await admission.giveBack();
      throw error;
    }
  }

  /** Tells whether this client has been let in as this user. */
  isKnown(client: string, name: string): boolean {
    return this.#known.get(pairKey(client, name)) === true;
  }

  /** Remembers that this client has been let in as this user. */
  remember(client: string, name: string): void {
    this.#known.set(pairKey(client, name), true);
  }

  close(): void {
    this.#known.close();
    for (const limiter of Object.values(this.#limits ?? {})) limiter.close();
  }

  async #admit({ pair, ...limits }: Limits, client: string, name: string, isKnown: boolean): Promise<Admission> {
    const key = pairKey(client, name);
    refuseIf(await pair.take(key));
    const admission: Admission = { keep: async () => {}, giveBack: () => pair.giveBack(key) };
    if (isKnown) return admission;
    try {
      return await this.#admitStranger(limits, client, userKey(name), admission);
    } catch (refusal) {
      await admission.giveBack();
      throw refusal;
    }
  }

  async #admitStranger(
    { client, user, trickle }: Omit<Limits, 'pair'>,
    clientKey: string,
    userKey: string,
    admission: Admission,
  ): Promise<Admission> {
    refuseIf(await client.waitOf(clientKey));
    const isSlow = (await user.waitOf(userKey)) > 0;
    if (isSlow) refuseIf(await trickle.take(userKey));
    return {
      keep: async () => {
        await client.count(clientKey);
        await user.count(userKey);
      },
      giveBack: async () => {
        await admission.giveBack();
        if (isSlow) await trickle.giveBack(userKey);
      },
    };
  }
}

function refuseIf(wait: number): void {
  if (wait > 0) throw new ThrottledError(Math.ceil(wait / 1000));
}

/** A name may have any length, and a key should not. */
function userKey(name: string): string {
  return digest('sha256', name, 'base64');
}

function pairKey(client: string, name: string): string {
  return digest('sha256', `${client} ${name}`, 'base64');
}
