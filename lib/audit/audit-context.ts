import { kindOf } from '../described-value.js';
import { ConfigError } from '../errors.js';
import { type KnownKeys, keyProblem } from '../known-keys.js';
import type { AuditContext } from './events.js';

const FIELDS = ['by', 'from', 'method', 'path', 'requestId'] as const;
const CONTEXT: KnownKeys = { owner: 'the context of users.by', noun: 'field', keys: FIELDS };

/**
 * The context that code gives to audit events. A request is none: it says neither who it is nor where it comes from in
 * these words, and has credentials in it.
 *
 * @throws {ConfigError} a field is not known, or no text
 */
export function readContext(given: AuditContext): AuditContext {
  if (typeof given === 'object' && given !== null && 'headers' in given) {
    throw new ConfigError(
      'users.by takes words for the audit, not a request: did you mean users.by({ by: req.user.name, from: req.ip })?',
    );
  }
  const problem = keyProblem(given, CONTEXT);
  if (problem !== undefined) throw new ConfigError(problem);
  for (const field of FIELDS) {
    const value: unknown = given[field];
    if (value === undefined || typeof value === 'string') continue;
    throw new ConfigError(`users.by: ${field} must be a text, not ${kindOf(value)}`);
  }
  return { ...given };
}
