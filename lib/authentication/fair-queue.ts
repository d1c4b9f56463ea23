import type { Queue, QueueAddOptions } from 'p-queue';

/** Known clients get so many turns while a stranger waits. */
const TURNS_OF_THE_KNOWN = 4;

type Run = () => Promise<unknown>;

export interface FairQueueOptions extends QueueAddOptions {
  /** Whether the client was let in before. */
  readonly isKnown?: boolean;
}

interface Waiting {
  readonly run: Run;
  readonly id: string | undefined;
}

/**
 * A queue for p-queue with weighted round robin: known clients get four turns for each turn of strangers, so that neither
 * group waits for all of the other. It has the methods that p-queue calls. Priorities are not used.
 */
export class FairQueue implements Omit<Queue<Run, FairQueueOptions>, 'setPriority'> {
  #known: Waiting[] = [];
  #strangers: Waiting[] = [];
  #turnsOfTheKnown = 0;

  get size(): number {
    return this.#known.length + this.#strangers.length;
  }

  enqueue(run: Run, { isKnown, id }: Partial<FairQueueOptions> = {}): void {
    (isKnown ? this.#known : this.#strangers).push({ run, id });
  }

  dequeue(): Run | undefined {
    const isStrangersTurn = this.#strangers.length > 0 && this.#turnsOfTheKnown >= TURNS_OF_THE_KNOWN;
    if (this.#known.length === 0 || isStrangersTurn) {
      this.#turnsOfTheKnown = 0;
      return this.#strangers.shift()?.run;
    }
    this.#turnsOfTheKnown += 1;
    return this.#known.shift()?.run;
  }

  /** The waiting work of one group. */
  filter({ isKnown }: Partial<FairQueueOptions>): Run[] {
    return (isKnown ? this.#known : this.#strangers).map(({ run }) => run);
  }

  /** Removes work that was given up. */
  remove(id: string): void {
    this.#known = this.#known.filter((each) => each.id !== id);
    this.#strangers = this.#strangers.filter((each) => each.id !== id);
  }
}
