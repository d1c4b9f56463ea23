import { EventEmitter } from 'node:events';
import { warn } from './warnings.js';

/** What events there are, and what their listeners are given. */
type EventMap<Events> = { readonly [Event in keyof Events]: readonly unknown[] };

/** Tells the app of what happens. A listener that fails is the operator's concern, and nobody else's. */
export class Events<T extends EventMap<T>> {
  readonly #emitter = new EventEmitter();

  on<Event extends keyof T & string>(event: Event, listener: (...details: T[Event]) => unknown): void {
    this.#emitter.on(event, listener as never);
  }

  off<Event extends keyof T & string>(event: Event, listener: (...details: T[Event]) => unknown): void {
    this.#emitter.off(event, listener as never);
  }

  emit<Event extends keyof T & string>(event: Event, ...details: T[Event]): void {
    for (const listener of this.#emitter.listeners(event)) {
      // Not at once: who does something that is told of must not wait for those who are told.
      queueMicrotask(async () => {
        try {
          await listener(...details);
        } catch (error) {
          const name = error instanceof Error ? error.name : typeof error;
          warn('KAPACITOR_AUTH_LISTENER_FAILED', `a listener of the event ${event} failed (${name})`);
        }
      });
    }
  }
}
