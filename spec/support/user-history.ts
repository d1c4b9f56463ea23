import { isDeepStrictEqual } from 'node:util';
import { isActiveAdmin, type StoredUser } from '../../lib/users/user.js';

/**
 * What a process asked of a repository, and what it was answered. The times are Date.now(): the very clock that
 * PostgreSQL stamps commits with. It has whole milliseconds, so `asked` is rounded down, and `answered` up.
 */
export interface Attempt {
  readonly does: 'insert' | 'replace' | 'remove';
  readonly name: string;
  /** The expected state afterwards. */
  readonly user?: StoredUser;
  readonly expectedRevision?: string;
  readonly asked: number;
  readonly answered: number;
  readonly outcome: 'inserted' | 'exists' | 'replaced' | 'conflict' | 'removed' | 'not-found' | 'last-admin' | 'error';
}

/** A row of the history: each is a transaction of its own. */
export interface Change {
  /** The value of a sequence, drawn while the row was locked. It orders the changes of one name. */
  readonly number: number;
  readonly name: string;
  readonly before: StoredUser | null;
  readonly after: StoredUser | null;
  /** When it was committed. */
  readonly at: number;
}

/** From one change of a name to the next one. */
interface Period {
  readonly user: StoredUser | null;
  readonly begin: Change | undefined;
  readonly end: Change | undefined;
}

interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Those that no attempt sets. */
const OTHER_COLUMNS = `'{secrets_revision,created_at,password_changed_at,expires_at,must_change_password,note}'::text[]`;

/** The SQL that has a table `history` kept of all that happens to the table of users in this schema. */
export function keepHistory(schema: string): string {
  return `
    CREATE TABLE "${schema}".history (
      number bigserial, transaction xid DEFAULT pg_current_xact_id()::xid, name text, before jsonb, after jsonb);
    CREATE FUNCTION "${schema}".remember() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO "${schema}".history (name, before, after)
        VALUES (coalesce(NEW.name, OLD.name), to_jsonb(OLD) - ${OTHER_COLUMNS}, to_jsonb(NEW) - ${OTHER_COLUMNS});
      RETURN NULL;
    END
    $$;
    CREATE TRIGGER remember AFTER INSERT OR UPDATE OR DELETE ON "${schema}".kapacitor_auth_users
      FOR EACH ROW EXECUTE FUNCTION "${schema}".remember()`;
}

/** For a server with `track_commit_timestamp=on`. */
export function readHistory(schema: string): string {
  return `SELECT number::int, name, before, after,
      (extract(epoch FROM pg_xact_commit_timestamp(transaction)) * 1000)::float8 AS at
    FROM "${schema}".history ORDER BY number`;
}

/**
 * Compares what processes were answered with what happened.
 *
 * A change is stamped shortly before others see it, and they see it before it is answered. So what was the case at a
 * moment is known but for the time between a change's stamp and its answer: there it may have been either. A refusal is
 * justified if there may have been a reason for it at a moment between its question and its answer.
 */
export class UserHistory {
  readonly #changes: readonly Change[];
  readonly #attempts: readonly Attempt[];
  readonly #periods: ReadonlyMap<string, readonly Period[]>;
  readonly #makers = new Map<Change, Attempt>();
  readonly #activity = new Map<string, Interval[]>();

  constructor(changes: readonly Change[], attempts: readonly Attempt[]) {
    this.#changes = changes;
    this.#attempts = attempts;
    this.#periods = new Map([...groupBy(changes, ({ name }) => name)].map(([name, own]) => [name, periods(own)]));
    this.#findMakers();
    for (const [name, own] of this.#periods) this.#activity.set(name, this.#certainlyActive(own));
  }

  /** Changes that do not continue what the one before them has left. */
  brokenChains(): Change[] {
    return [...this.#periods.values()].flat().flatMap(({ user, end }) => {
      return end === undefined || isDeepStrictEqual(end.before, user) ? [] : [end];
    });
  }

  /**
   * Changes after which there was no admin that is enabled.
   *
   * The order is that of the commits' stamps. Stamps of changes that know nothing of each other may have another order
   * than the one in which they were seen, but not those that this is about: who takes an admin away holds the lock from
   * before its look at the others until after its stamp, so these are stamped one after the other; and the admin that
   * was there at its look had been stamped before that. So if each has looked, none is found here.
   */
  withoutAdmin(): Change[] {
    const active = new Set<string>();
    const inOrder = this.#changes.toSorted((one, other) => one.at - other.at || one.number - other.number);
    return inOrder.filter(({ name, after }) => {
      const had = active.size > 0;
      if (after !== null && isActiveAdmin(after)) active.add(name);
      else active.delete(name);
      return had && active.size === 0;
    });
  }

  /** Changes that nobody made, or not in this way. */
  madeByNobody(): Change[] {
    return this.#changes.filter((change) => !this.#makers.has(change));
  }

  /** Changes that were answered as made, and happened never or more than once. */
  lost(): Attempt[] {
    const made = groupBy([...this.#makers.values()], (attempt) => attempt);
    return this.#attempts.filter((attempt) => isDone(attempt) && made.get(attempt)?.length !== 1);
  }

  /** Refusals for which there was no reason between question and answer. */
  unjustified(): Attempt[] {
    return this.#attempts.filter((attempt) => {
      if (isDone(attempt) || attempt.outcome === 'error') return false;
      if (attempt.outcome === 'last-admin') return !this.#mayHaveBeenLastAdmin(attempt);
      return !this.#possible(attempt).some(({ user }) => isReason(attempt, user));
    });
  }

  #findMakers(): void {
    const mayHaveMade = this.#attempts.filter((attempt) => isDone(attempt) || attempt.outcome === 'error');
    const writers = new Map(mayHaveMade.map((attempt) => [attempt.user?.revision, attempt]));
    const removers = groupBy(
      mayHaveMade.filter(({ does }) => does === 'remove').sort((one, other) => one.answered - other.answered),
      ({ name }) => name,
    );
    for (const change of this.#changes) {
      if (change.after === null) {
        // Removals have no mark of their own. Each belongs to the first one to be answered of those it can belong to.
        const own = removers.get(change.name) ?? [];
        const index = own.findIndex((attempt) => isWithin(change, attempt));
        if (index >= 0) this.#makers.set(change, own.splice(index, 1)[0] as Attempt);
      } else {
        const writer = writers.get(change.after.revision);
        if (writer !== undefined && isWork(change, writer)) this.#makers.set(change, writer);
      }
    }
  }

  /** When a change was certainly seen by everybody. */
  #settled(change: Change): number {
    const maker = this.#makers.get(change);
    return maker === undefined || maker.outcome === 'error' ? Number.POSITIVE_INFINITY : maker.answered;
  }

  /** Between which times a period may have been there. */
  #extent({ begin, end }: Period): Interval {
    return {
      from: begin?.at ?? Number.NEGATIVE_INFINITY,
      to: end === undefined ? Number.POSITIVE_INFINITY : this.#settled(end),
    };
  }

  #possible({ name, asked, answered }: Attempt): Period[] {
    const own = this.#periods.get(name) ?? [{ user: null, begin: undefined, end: undefined }];
    return own.filter((period) => {
      const { from, to } = this.#extent(period);
      return from <= answered && to >= asked;
    });
  }

  /** When a user was certainly an admin that is enabled, whatever else was changed in it meanwhile. */
  #certainlyActive(own: readonly Period[]): Interval[] {
    const intervals: Interval[] = [];
    let from: number | undefined;
    for (const { user, begin, end } of own) {
      if (begin === undefined || user === null || !isActiveAdmin(user)) from = undefined;
      else from ??= this.#settled(begin);
      const goesOn = end?.after != null && isActiveAdmin(end.after);
      if (from !== undefined && !goesOn) intervals.push({ from, to: end?.at ?? Number.POSITIVE_INFINITY });
    }
    return intervals;
  }

  #mayHaveBeenLastAdmin(attempt: Attempt): boolean {
    const others = [...this.#activity].flatMap(([name, intervals]) => {
      if (name === attempt.name) return [];
      return intervals.filter(({ from, to }) => from <= attempt.answered && to > attempt.asked);
    });
    return this.#possible(attempt).some((period) => {
      const { user } = period;
      if (user === null || !isActiveAdmin(user)) return false;
      if (attempt.expectedRevision !== undefined && user.revision !== attempt.expectedRevision) return false;
      const extent = this.#extent(period);
      const from = Math.max(attempt.asked, extent.from);
      const to = Math.min(attempt.answered, extent.to);
      // A time without others begins where one of them ends.
      const moments = [from, ...others.map((other) => other.to)].filter((time) => time >= from && time <= to);
      return moments.some((moment) => !others.some((other) => other.from <= moment && moment < other.to));
    });
  }
}

/** As Map.groupBy, which Node 20 does not have. */
function groupBy<K, T>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function periods(changes: readonly Change[]): Period[] {
  return [undefined, ...changes].map((begin, index) => ({ user: begin?.after ?? null, begin, end: changes[index] }));
}

function isDone({ outcome }: Attempt): boolean {
  return outcome === 'inserted' || outcome === 'replaced' || outcome === 'removed';
}

function isWithin({ at }: Change, { asked, answered, outcome }: Attempt): boolean {
  return asked <= at && (at <= answered || outcome === 'error');
}

/** Whether the attempt is what this change was: nothing else than what was to be written, and over what was expected. */
function isWork(change: Change, attempt: Attempt): boolean {
  return (
    isWithin(change, attempt) &&
    isDeepStrictEqual(change.after, attempt.user) &&
    change.before?.revision === attempt.expectedRevision
  );
}

function isReason({ outcome, expectedRevision }: Attempt, user: StoredUser | null): boolean {
  if (outcome === 'exists') return user !== null;
  if (outcome === 'not-found') return user === null;
  return user?.revision !== expectedRevision;
}
