import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { TRY_EVERY } from './reconnection.js';

/** Milliseconds. How long a change that is made waits to be told to this process, as to all others at the same moment. */
const TOLD_WITHIN = 100;
/** Milliseconds. How much later it may come to the others. */
const TOLD_TO_ALL_WITHIN = 10;

/** Lets whoever changes a user wait until every process has been told, as this one is. */
export class ToldChanges {
  /** Tells the names of users that have changed. */
  readonly #told = new EventEmitter().setMaxListeners(0);

  tell(name: string): void {
    this.#told.emit(eventOf(name));
  }

  /**
   * Answers when the change is as good as everywhere in force. Only what has replaced or removed somebody is told.
   *
   * @param isListening whether changes are heard of, and have been for as long as a process that had lost the database
   *   needs to try it again. Otherwise it may have come back just now, and others serve users from memory for so long
   */
  async inForce<T>(name: string, change: () => Promise<T>, isListening: boolean): Promise<T> {
    const waiting = new AbortController();
    const told = once(this.#told, eventOf(name), { signal: waiting.signal });
    told.catch(() => {});
    try {
      const outcome = await change();
      if (outcome === 'replaced' || outcome === 'removed') {
        const all = isListening ? told : setTimeout(TRY_EVERY);
        await Promise.race([all, setTimeout(TOLD_WITHIN, undefined, { signal: waiting.signal })]);
        await setTimeout(TOLD_TO_ALL_WITHIN);
      }
      return outcome;
    } finally {
      waiting.abort();
    }
  }
}

function eventOf(name: string): string {
  return `changed ${name}`;
}
