import type { Queue, QueueAddOptions } from 'p-queue';

/** How many turns those who are known have while a stranger waits. */
const TURNS_OF_THE_KNOWN = 4;

type Run = () => Promise<unknown>;

export interface FairQueueOptions extends QueueAddOptions {
  /** Whether it is somebody who has been let in before. */
  readonly isKnown?: boolean;
}

interface Waiting {
  readonly run: Run;
  readonly id: string | undefined;
}

/**
 * A queue for p-queue: those who are known have four turns while strangers have one, so that neither waits for all of
 * the others (weighted round robin). It has what p-queue calls; the priorities of the interface are not used here.
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

  /** Those of one of the two groups. */
  filter({ isKnown }: Partial<FairQueueOptions>): Run[] {
    return (isKnown ? this.#known : this.#strangers).map(({ run }) => run);
  }

  /** Takes out whoever gave up. */
  remove(id: string): void {
    this.#known = this.#known.filter((each) => each.id !== id);
    this.#strangers = this.#strangers.filter((each) => each.id !== id);
  }
}
