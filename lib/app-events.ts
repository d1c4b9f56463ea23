import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers';
import { didYouMean, inWords, refuseExtra, suggest } from './argument-checks.js';
import { ConfigError } from './errors.js';
import { describeError, describeType } from './safe-text.js';
import type { KapacitorAuthEvents } from './users/audit-events.js';
import { AUDIT_EVENTS } from './users/audit-events.js';
import { createWarner } from './warnings.js';

/** The arguments of the listeners, by event. */
type EventMap<Events> = { readonly [Event in keyof Events]: readonly unknown[] };

/** Calls the app's listeners. A listener that fails causes a warning, and disturbs neither the request nor other listeners. */
export class AppEvents<T extends EventMap<T>> {
  // An app may have any number of listeners.
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #warnOfListener = createWarner('KAPACITOR_AUTH_LISTENER_FAILED');

  on<Event extends keyof T & string>(event: Event, listener: (...details: T[Event]) => unknown): void {
    this.#emitter.on(event, listener as never);
  }

  off<Event extends keyof T & string>(event: Event, listener: (...details: T[Event]) => unknown): void {
    this.#emitter.off(event, listener as never);
  }

  /** Tells whether an event has a listener. */
  isHeard(event: keyof T & string): boolean {
    return this.#emitter.listenerCount(event) > 0;
  }

  emit<Event extends keyof T & string>(event: Event, ...details: T[Event]): void {
    for (const listener of this.#emitter.listeners(event)) {
      // The request is answered first: it does not wait for listeners.
      setImmediate(() => this.#call(event, listener as (...details: T[Event]) => unknown, details));
    }
  }

  async #call<Event extends keyof T & string>(
    event: Event,
    listener: (...details: T[Event]) => unknown,
    details: T[Event],
  ): Promise<void> {
    try {
      await listener(...details);
    } catch (error) {
      this.#warnOfListener(
        `a listener of the event ${event} failed: ${describeError(error)}. The message is left out, because it may hold a ` +
          'secret: catch the error in the listener to log it',
      );
    }
  }
}

/** The arguments of `auth.on` and `auth.off`. */
export type ListenerArguments = readonly [event: keyof KapacitorAuthEvents, listener: () => unknown];

/** @throws {ConfigError} The event is unknown, or the listener is not a function. */
export function checkListening(call: 'on' | 'off', [event, listener, ...extra]: readonly unknown[]): void {
  refuseExtra(`auth.${call}`, 'an event and a listener', extra);
  const known = ['store-state', ...AUDIT_EVENTS];
  if (!known.includes(event as string)) {
    const hint = didYouMean(suggest(String(event), known)) || `: there are ${inWords(known)}`;
    throw new ConfigError(`there is no event ${String(event)}${hint}`);
  }
  if (typeof listener !== 'function') {
    throw new ConfigError(
      `auth.${call}('${event}', …): the listener must be a function, not ${describeType(listener)}`,
    );
  }
}
