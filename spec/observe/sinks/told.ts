import { EventEmitter } from 'node:events';
import type { AuditEvents } from 'kapacitor-auth';
import type { AuditSource } from '../../../lib/observe/every-event.js';

/** What a sink listens to, told by the spec. */
export interface Teller {
  readonly auth: AuditSource;
  tell<Event extends keyof AuditEvents>(event: Event, details: Omit<AuditEvents[Event], 'time'>): void;
}

export const TIME: Date = new Date('2026-11-24T12:00:00Z');

export function createTeller(): Teller {
  const emitter = new EventEmitter();
  return {
    auth: emitter as unknown as AuditSource,
    tell: (event, details) => emitter.emit(event, { time: TIME, ...details }),
  };
}
