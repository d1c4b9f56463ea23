import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers';
import { createWarner } from './warnings.js';

/** What events there are, and what their listeners are given. */
type EventMap<Events> = { readonly [Event in keyof Events]: readonly unknown[] };

/** Tells the app of what happens. A listener that fails is the operator's concern, and nobody else's. */
export class Events<T extends EventMap<T>> {
  // An app may have as many listeners as it likes.
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #warnOfListener = createWarner('KAPACITOR_AUTH_LISTENER_FAILED');

  on<Event extends keyof T & string>(event: Event, listener: (...details: T[Event]) => unknown): void {
    this.#emitter.on(event, listener as never);
  }

  off<Event extends keyof T & string>(event: Event, listener: (...details: T[Event]) => unknown): void {
    this.#emitter.off(event, listener as never);
  }

  /** Tells whether anybody listens to an event. */
  isHeard(event: keyof T & string): boolean {
    return this.#emitter.listenerCount(event) > 0;
  }

  emit<Event extends keyof T & string>(event: Event, ...details: T[Event]): void {
    for (const listener of this.#emitter.listeners(event)) {
      // Not at once: who does something that is told of does not wait for those who are told, and a request is answered.
      setImmediate(() => this.#tell(event, listener as (...details: T[Event]) => unknown, details));
    }
  }

  async #tell<Event extends keyof T & string>(
    event: Event,
    listener: (...details: T[Event]) => unknown,
    details: T[Event],
  ): Promise<void> {
    try {
      await listener(...details);
    } catch (error) {
      this.#warnOfListener(`a listener of the event ${event} failed (${kindOf(error)})`);
    }
  }
}

/** Without its words, which may hold anything. */
function kindOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.name) : typeof error;
  } catch {
    // An object may throw at whoever looks at it.
    return 'object';
  }
}
