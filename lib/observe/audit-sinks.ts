import type * as LogsApi from '@opentelemetry/api-logs';
import { refuseExtra } from '../argument-checks.js';
import { ConfigError } from '../errors.js';
import { loadPackage } from '../optional-package.js';
import { AUDIT_EVENTS, type KapacitorAuthEvents } from '../users/audit-events.js';
import { type AuditRecord, type Field, isWarning, recordOf, sentenceOf } from './audit-record.js';

/** The source of audit events: the middleware that `kapacitorAuth()` returns. */
export interface AuditSource {
  on<Event extends keyof KapacitorAuthEvents>(
    event: Event,
    listener: (...details: KapacitorAuthEvents[Event]) => unknown,
  ): unknown;
  off<Event extends keyof KapacitorAuthEvents>(
    event: Event,
    listener: (...details: KapacitorAuthEvents[Event]) => unknown,
  ): unknown;
}

type AuditListener = (event: string, details: { readonly time: Date }) => unknown;

/**
 * Calls a listener at each audit event.
 *
 * @returns a function that removes the listener
 * @throws {ConfigError} The source has no events.
 */
export function onEveryEvent(source: AuditSource, listener: AuditListener): () => void {
  if (typeof source?.on !== 'function' || typeof source.off !== 'function') {
    throw new ConfigError('audit events come only from the middleware that kapacitorAuth() returns');
  }
  const removals = AUDIT_EVENTS.map((event) => {
    const listening = (...details: readonly unknown[]) => listener(event, details[0] as { readonly time: Date });
    source.on(event, listening);
    return () => source.off(event, listening);
  });
  return () => {
    for (const remove of removals) remove();
  };
}

/** The methods of a logger, such as pino, bunyan or the console, that are called. They take an object and a message. */
export interface AuditLogger {
  info(event: object, message: string): unknown;
  warn(event: object, message: string): unknown;
}

/**
 * Writes each audit event to the app's logger. Failures, denials and the end of authentication are written with `warn`,
 * the others with `info`. The object has the name of the event as `event`, and its details except the time, which the
 * logger adds. The message is a short sentence. Neither contains a password or a hash.
 *
 * @returns a function that stops it
 * @throws {ConfigError} `auth` has no events, or the logger has no `info` or no `warn`.
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

/** The namespace of event names and attributes that OpenTelemetry does not define. */
const OWN = 'kapacitor_auth';

/** https://opentelemetry.io/docs/specs/semconv/registry/attributes/ */
const CONVENTIONS: Readonly<Record<string, string>> = {
  user: 'user.name',
  by: 'enduser.id',
  from: 'client.address',
  method: 'http.request.method',
  path: 'url.path',
  status: 'http.response.status_code',
};

/**
 * Writes each audit event to OpenTelemetry's logs API, as a record named `kapacitor_auth.login`, `kapacitor_auth.denied`
 * and so on. The record belongs to the trace of its request, and contains neither a password nor a hash. Records are
 * dropped until the app has registered a LoggerProvider.
 *
 * There are no span events, because the span of a request has ended when its event is emitted.
 *
 * @returns a function that stops it
 * @throws {ConfigError} The package `@opentelemetry/api-logs` is not installed or cannot be loaded, or `auth` has no
 *   events.
 */
export function auditToOpenTelemetry(auth: AuditSource, ...extra: readonly never[]): () => void {
  refuseExtra('auditToOpenTelemetry', 'auth', extra);
  const { logs, SeverityNumber } = loadPackage<typeof LogsApi>(
    '@opentelemetry/api-logs',
    'auditToOpenTelemetry needs',
    ConfigError,
  );
  // This logger finds a LoggerProvider that is registered later.
  const logger = logs.getLogger('kapacitor-auth');
  return onEveryEvent(auth, (event, details) => {
    const [severityText, severityNumber] = isWarning(event, details)
      ? (['WARN', SeverityNumber.WARN] as const)
      : (['INFO', SeverityNumber.INFO] as const);
    // Listeners run in the async context of the request, which links the record to its trace.
    logger.emit({
      eventName: `${OWN}.${underscored(event)}`,
      timestamp: details.time,
      severityText,
      severityNumber,
      body: sentenceOf(event, details),
      attributes: attributesOf(recordOf(details)),
    });
  });
}

/** Flattens a record, because most backends take only flat attributes. A user becomes its name and its other fields. */
function attributesOf(record: AuditRecord): LogsApi.LogAttributes {
  const attributes: LogsApi.LogAttributes = {};
  for (const [name, field] of Object.entries(record)) {
    if (isObject(field)) {
      for (const [part, value] of Object.entries(field)) {
        const convention = name === 'user' && part === 'name' ? CONVENTIONS['user'] : undefined;
        attributes[convention ?? `${OWN}.${underscored(name)}.${underscored(part)}`] = value as LogsApi.AnyValue;
      }
    } else {
      const convention = Object.hasOwn(CONVENTIONS, name) ? CONVENTIONS[name] : undefined;
      attributes[convention ?? `${OWN}.${underscored(name)}`] = field as LogsApi.AnyValue;
    }
  }
  return attributes;
}

function isObject(field: Field): field is AuditRecord {
  return typeof field === 'object' && field !== null && !Array.isArray(field);
}

/** `login-failed` and `requestId` become `login_failed` and `request_id`, as OpenTelemetry writes names. */
function underscored(name: string): string {
  return name.replaceAll('-', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
