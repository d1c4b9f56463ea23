import { refuseExtra } from '../argument-checks.js';
import { ConfigError } from '../errors.js';
import { recordOf } from './audit-record.js';
import { type AuditSource, onEveryEvent } from './every-event.js';
import { isWarning, sentenceOf } from './sentence.js';

/** What is used of a logger, such as pino, bunyan or the console: it takes an object, and a message about it. */
export interface AuditLogger {
  info(event: object, message: string): unknown;
  warn(event: object, message: string): unknown;
}

/**
 * Gives each audit event to the app's logger: failures, denials and authentication that is switched off as `warn`, the
 * rest as `info`. The object has the event's name as `event` and its details but for the time, which the logger has; the
 * message is a short sentence. Never a password, and never a hash.
 *
 * @returns a function that ends it
 * @throws {ConfigError} `auth` tells of no events, or the logger has no `info` or no `warn`
 */
export function auditToLogger(auth: AuditSource, logger: AuditLogger, ...extra: readonly never[]): () => void {
  refuseExtra('auditToLogger', 'auth and a logger', extra);
  if (typeof logger?.info !== 'function' || typeof logger.warn !== 'function') {
    throw new ConfigError('auditToLogger: a logger has the methods info and warn, as pino, bunyan and console have');
  }
  return onEveryEvent(auth, (event, details) => {
    const level = isWarning(event, details) ? 'warn' : 'info';
    logger[level]({ event, ...recordOf(details) }, sentenceOf(event, details));
  });
}
