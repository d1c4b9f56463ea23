import type { KapacitorAuth } from '../api.js';
import { ConfigError } from '../errors.js';
import { AUDIT_EVENTS } from '../users/audit-events.js';

/** What tells of the audit events. */
export type AuditSource = Pick<KapacitorAuth, 'on' | 'off'>;

/** What a sink takes of any event, also of one that it does not know. */
export type AuditListener = (event: string, details: { readonly time: Date }) => unknown;

/**
 * Calls a listener at each audit event, until the function that is returned is called.
 *
 * @throws {ConfigError} the source tells of no events
 */
export function onEveryEvent(source: AuditSource, listener: AuditListener): () => void {
  if (typeof source?.on !== 'function' || typeof source.off !== 'function') {
    throw new ConfigError('audit events come from what kapacitorAuth() gives, and from nothing else');
  }
  const ends = AUDIT_EVENTS.map((event) => {
    const listening = (...details: readonly unknown[]) => listener(event, details[0] as { readonly time: Date });
    source.on(event, listening);
    return () => source.off(event, listening);
  });
  return () => {
    for (const end of ends) end();
  };
}
