import type { Faults, Span } from './soak-faults.js';
import { FAILURE_LIMIT, FAILURE_WINDOW } from './soak-settings.js';

/** Milliseconds after the answer to a change, for the report of answers that did not know of it. */
const LATE_BY = [30, 100, 300, 1_000, 6_000] as const;
/** Guesses that two servers may verify beyond the limit, because they count at the same moment. */
const AT_ONCE = 2;
/** The answer of a server whose passwords wait for longer than it lets them: the machine has other work to do. */
const OVERLOADED = /too many passwords are being verified/;

/** A request with its answer. */
export interface Verdict extends Span {
  /** Such as `password`. */
  readonly kind: string;
  /** The question and its reason, without a secret. */
  readonly what: string;
  readonly server: number;
  /** 0: the connection failed. */
  readonly status: number;
  readonly text: string;
  readonly isChange?: boolean;
  /** Whether the answer needs the store. Defaults to true. */
  readonly needsStore?: boolean;
}

/** Judges the answers, and counts them. */
export class Verdicts {
  /** The wrong answers, in words. */
  readonly wrong: string[] = [];
  /** The number of answers, by kind and status. */
  readonly counts = new Map<string, Map<number, number>>();
  /** The answers that did not know of an answered change yet, as a notification or an outage explains, by the delay. */
  readonly late = new Map<number, number>();
  /** The logins that were refused because too many passwords waited, and how many of them at the time of a fault. */
  readonly overloaded = { atAll: 0, inFaults: 0 };
  readonly #faults: Faults;
  readonly #guesses: number[] = [];
  readonly #begin: number = performance.now();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  get total(): number {
    return [...this.counts.values()].flatMap((statuses) => [...statuses.values()]).reduce((sum, each) => sum + each, 0);
  }

  /** @param isAllowed whether the oracle allows the answer if changes are in force after so many milliseconds */
  judge(verdict: Verdict, isAllowed: (lag: number) => boolean): void {
    const { kind, status, needsStore = true, isChange = false } = verdict;
    const statuses = this.counts.get(kind) ?? new Map<number, number>();
    this.counts.set(kind, statuses.set(status, (statuses.get(status) ?? 0) + 1));
    if (needsStore && this.#faults.refuse(verdict)) {
      if (status !== 503) this.#report(verdict, 'the store is away for longer than the grace');
    } else if (!isAllowed(0) && !(status === 503 && this.#faults.excuse(verdict, isChange))) {
      if (status === 503 && OVERLOADED.test(verdict.text)) {
        this.overloaded.atAll += 1;
        if (this.#faults.overlap(verdict)) this.overloaded.inFaults += 1;
        return;
      }
      const most = this.#faults.lag(verdict);
      const delay = LATE_BY.find((lag) => lag <= most && isAllowed(lag));
      if (delay === undefined) this.#report(verdict, 'the oracle does not allow it');
      else this.late.set(delay, (this.late.get(delay) ?? 0) + 1);
    }
  }

  /** A wrong password was verified for somebody who guesses at one user from one address. */
  guessed(verdict: Verdict): void {
    const { answered } = verdict;
    this.#guesses.push(answered);
    const from = answered - FAILURE_WINDOW;
    const verified = this.#guesses.filter((time) => time > from).length;
    // While the store is away, each of the two servers counts alone. Its window begins with its own first failure, and so
    // ends at another time than the shared one: all three may have let the guesser try within one window.
    const isAlone = this.#faults.excuse({ asked: from - FAILURE_WINDOW, answered }, true);
    const most = (isAlone ? 3 : 1) * FAILURE_LIMIT + AT_ONCE;
    if (verified > most) this.#report(verdict, `${verified} guesses were verified within a window, and not ${most}`);
  }

  #report({ kind, what, server, status, text, asked, answered }: Verdict, reason: string): void {
    const at = ((asked - this.#begin) / 1_000).toFixed(2);
    const took = (answered - asked).toFixed(0);
    const line = `after ${at} s, server ${server + 1}, ${kind}: ${what}: ${status} after ${took} ms: ${reason}: ${text.slice(0, 200)}`;
    this.wrong.push(line);
    console.log(`WRONG ${line}`);
  }
}
