import { AUDIT_EVENTS } from './audit/events.js';
import { kindOf } from './described-value.js';
import { ConfigError } from './errors.js';
import type { KapacitorAuthEvents } from './middleware.js';
import { refuseExtra } from './refuse-extra.js';
import { didYouMean, suggest } from './suggestion.js';

/** What `auth.on` and `auth.off` are given. */
export type ListenerArguments = readonly [event: keyof KapacitorAuthEvents, listener: () => unknown];

/** @throws {ConfigError} there is no such event, or no listener: who waits for it would wait for ever */
export function checkListening(call: 'on' | 'off', [event, listener, ...extra]: readonly unknown[]): void {
  refuseExtra(`auth.${call}`, 'an event and a listener', extra);
  const known = ['store-state', ...AUDIT_EVENTS];
  if (!known.includes(event as string)) {
    throw new ConfigError(
      `there is no event ${String(event)}${didYouMean(suggest(String(event), known)) || `: ${known.join(', ')}`}`,
    );
  }
  if (typeof listener !== 'function') {
    throw new ConfigError(`auth.${call}('${event}', …): the listener must be a function, not ${kindOf(listener)}`);
  }
}
