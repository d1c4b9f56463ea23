import { GRACE } from './soak-settings.js';

/** Milliseconds after its end in which a fault may still be noticed. */
const RECOVERY = 3_000;
/** Milliseconds after the grace until every request knows that it is over. */
const NOTICED_WITHIN = 500;
/** Milliseconds within which a change in another process is in force if its notification is lost: docs/stores.md. */
const NOTIFIED_WITHIN = 1_000;

/** Something that happens to a store. */
export interface Fault {
  readonly name: string;
  /** How long it lasts. */
  readonly milliseconds: number;
  /** The requests that may get 503 meanwhile. */
  readonly refuses: 'changes' | 'everything';
  /** Nobody is let in once the grace is over: no server reaches the database. */
  readonly isOutage?: boolean;
  begin(): unknown;
  end(): unknown;
}

/** A request and its answer. Times are those of `performance.now()`. */
export interface Span {
  readonly asked: number;
  readonly answered: number;
}

interface Window {
  readonly fault: Fault;
  readonly from: number;
  /** When it is in full effect. */
  begun: number;
  /** When its end begins. */
  ending: number;
  to: number;
}

/** The faults so far, and what they excuse. */
export class Faults {
  readonly #windows: Window[] = [];
  readonly #isShared: boolean;

  /** @param isShared changes reach the other server through notifications */
  constructor(isShared: boolean) {
    this.#isShared = isShared;
  }

  get count(): number {
    return this.#windows.length;
  }

  /** Lets a fault begin, last and end. */
  async suffer(fault: Fault): Promise<void> {
    const never = Number.POSITIVE_INFINITY;
    const window: Window = { fault, from: performance.now(), begun: never, ending: never, to: never };
    this.#windows.push(window);
    await fault.begin();
    window.begun = performance.now();
    await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
    window.ending = performance.now();
    await fault.end();
    window.to = performance.now();
  }

  /** Whether a request may get 503. */
  excuse(span: Span, isChange: boolean): boolean {
    return this.#during(span).some(({ fault }) => isChange || fault.refuses === 'everything');
  }

  /** Whether there was a fault at the time of a request. */
  overlap(span: Span): boolean {
    return this.#during(span).length > 0;
  }

  /** Whether a request must get 503. */
  refuse({ asked, answered }: Span): boolean {
    return this.#windows.some(
      ({ fault, begun, ending }) => fault.isOutage && begun + GRACE + NOTICED_WITHIN <= asked && answered <= ending,
    );
  }

  /**
   * Milliseconds after the answer to a change for which the other server need not have it in force. A server that loses the
   * database serves users in its memory for the grace.
   */
  lag(span: Span): number {
    if (!this.#isShared) return 0;
    return this.#during(span).length > 0 ? GRACE + NOTIFIED_WITHIN : NOTIFIED_WITHIN;
  }

  #during({ asked, answered }: Span): Window[] {
    return this.#windows.filter(({ from, to }) => from <= answered && asked <= to + RECOVERY);
  }
}
