import type * as LogsApi from '@opentelemetry/api-logs';
import { refuseExtra } from '../argument-checks.js';
import { ConfigError } from '../errors.js';
import { loadPackage } from '../optional-package.js';
import { type AuditRecord, type Field, recordOf } from './audit-record.js';
import { type AuditSource, onEveryEvent } from './every-event.js';
import { isWarning, sentenceOf } from './sentence.js';

/** The namespace of what OpenTelemetry has no name for. */
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
 * Gives each audit event to OpenTelemetry's logs API as a record named `kapacitor_auth.login`, `kapacitor_auth.denied`
 * and so on. It belongs to the trace of its request. Until the app has registered a LoggerProvider, records go nowhere.
 * Never a password, and never a hash.
 *
 * There are no span events: by the time an event is told of, the span of its request has ended, and takes none.
 *
 * @returns a function that ends it
 * @throws {ConfigError} the package `@opentelemetry/api-logs` is not installed or cannot be loaded, or `auth` tells of no
 *   events
 */
export function auditToOpenTelemetry(auth: AuditSource, ...extra: readonly never[]): () => void {
  refuseExtra('auditToOpenTelemetry', 'auth', extra);
  const { logs, SeverityNumber } = loadPackage<typeof LogsApi>(
    '@opentelemetry/api-logs',
    'auditToOpenTelemetry needs',
    ConfigError,
  );
  // Until the app has registered a LoggerProvider, this waits for one.
  const logger = logs.getLogger('kapacitor-auth');
  return onEveryEvent(auth, (event, details) => {
    const [severityText, severityNumber] = isWarning(event, details)
      ? (['WARN', SeverityNumber.WARN] as const)
      : (['INFO', SeverityNumber.INFO] as const);
    // The context is the request's: a listener runs in the one that its event came from.
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

/** Flat, as most backends take them. A user that was created, changed or deleted becomes the name, and what else it has. */
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

/** As OpenTelemetry writes names: `login-failed` and `requestId` become `login_failed` and `request_id`. */
function underscored(name: string): string {
  return name.replaceAll('-', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
