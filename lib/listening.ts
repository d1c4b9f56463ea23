import { AUDIT_EVENTS } from './audit/events.js';
import { kindOf } from './described-value.js';
import { ConfigError } from './errors.js';
import { inWords } from './known-keys.js';
import type { KapacitorAuthEvents } from './middleware.js';
import { refuseExtra } from './refuse-extra.js';
import { didYouMean, suggest } from './suggestion.js';

/** What `auth.on` and `auth.off` are given. */
export type ListenerArguments = readonly [event: keyof KapacitorAuthEvents, listener: () => unknown];

/** @throws {ConfigError} the event is unknown, or the listener is not a function: it would never be called */
export function checkListening(call: 'on' | 'off', [event, listener, ...extra]: readonly unknown[]): void {
  refuseExtra(`auth.${call}`, 'an event and a listener', extra);
  const known = ['store-state', ...AUDIT_EVENTS];
  if (!known.includes(event as string)) {
    const hint = didYouMean(suggest(String(event), known)) || `: there are ${inWords(known)}`;
    throw new ConfigError(`there is no event ${String(event)}${hint}`);
  }
  if (typeof listener !== 'function') {
    throw new ConfigError(`auth.${call}('${event}', …): the listener must be a function, not ${kindOf(listener)}`);
  }
}
