/** A user as its answered changes left it. Undefined: there is no such user. */
export type ModelUser =
  | { readonly password: string; readonly permissions: readonly ModelPermission[]; readonly enabled: boolean }
  | undefined;
export type ModelPermission = 'api' | 'config_api';

/** The status that an app gets for a request that the middleware lets through, in the soak. */
export const THROUGH = 200;

/** A change. Times are those of `performance.now()`. */
export interface Change<T> {
  readonly value: T;
  readonly sent: number;
  /** When its answer arrived. Infinity while it is in flight, and for good if the answer does not say whether it was made. */
  answered: number;
}

/**
 * The values of one thing in the order in which its changes were sent, one after another. A change may be in force from the
 * moment at which it is sent, and is in force once it is answered.
 */
export class History<T> {
  #changes: Change<T>[];

  constructor(first: T) {
    this.#changes = [{ value: first, sent: Number.NEGATIVE_INFINITY, answered: Number.NEGATIVE_INFINITY }];
  }

  /** The value of the latest change, which may not have been made. */
  get latest(): T {
    return (this.#changes.at(-1) as Change<T>).value;
  }

  /** Whether the latest change was answered. */
  get isSettled(): boolean {
    return (this.#changes.at(-1) as Change<T>).answered < Number.POSITIVE_INFINITY;
  }

  /** A change is sent. */
  begin(value: T, time: number): Change<T> {
    const change = { value, sent: time, answered: Number.POSITIVE_INFINITY };
    this.#changes.push(change);
    return change;
  }

  /** A change was answered: it has been made. Forgets what no request in flight can see any more. */
  settle(change: Change<T>, time: number, keepFor: number): void {
    change.answered = time;
    const first = this.#changes.findLastIndex(({ answered }) => answered + keepFor < time);
    if (first > 0) this.#changes = this.#changes.slice(first);
  }

  /**
   * The values that may have been in force for a request.
   *
   * @param lag milliseconds after its answer for which a change need not be in force
   */
  possible(asked: number, answered: number, lag: number): T[] {
    const first = this.#changes.findLastIndex((change) => change.answered + lag <= asked);
    return this.#changes
      .slice(Math.max(0, first))
      .filter(({ sent }) => sent <= answered)
      .map(({ value }) => value);
  }
}

/** The credentials of a request. */
export type Credentials =
  | { readonly with: 'password'; readonly password: string }
  /** A key or a session, and whether it is alive. */
  | { readonly with: 'secret'; readonly alive: History<boolean> };

interface Asked {
  readonly user: History<ModelUser>;
  readonly credentials: Credentials;
  readonly needs: ModelPermission;
  readonly asked: number;
  readonly answered: number;
}

/** The statuses that a request may get: the oracle. */
export function allowedStatuses({ user, credentials, needs, asked, answered }: Asked, lag: number): Set<number> {
  const statuses = new Set<number>();
  const users = user.possible(asked, answered, lag);
  const alive = credentials.with === 'password' ? [true] : credentials.alive.possible(asked, answered, lag);
  for (const one of users) {
    for (const isAlive of alive) {
      const isKnown = credentials.with === 'secret' || one?.password === credentials.password;
      if (one === undefined || !one.enabled || !isAlive || !isKnown) statuses.add(401);
      else statuses.add(one.permissions.includes(needs) ? THROUGH : 403);
    }
  }
  return statuses;
}

/** Whether an admin may read the user as it is in the answer. */
export function mayBeRead(
  user: History<ModelUser>,
  read: { readonly permissions: readonly string[]; readonly enabled: boolean } | undefined,
  { asked, answered, lag }: { readonly asked: number; readonly answered: number; readonly lag: number },
): boolean {
  return user.possible(asked, answered, lag).some((one) => {
    if (one === undefined || read === undefined) return one === read;
    return one.enabled === read.enabled && one.permissions.join() === read.permissions.join();
  });
}
