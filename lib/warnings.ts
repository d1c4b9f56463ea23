/** What the warnings are about: `process.on('warning', ({ name, code, message }) => …)`. */
export type WarningCode =
  | 'KAPACITOR_AUTH_AUDIT_LOST'
  | 'KAPACITOR_AUTH_CONFIG'
  | 'KAPACITOR_AUTH_HASH_REFUSED'
  | 'KAPACITOR_AUTH_LISTENER_FAILED'
  | 'KAPACITOR_AUTH_NO_ADMIN'
  | 'KAPACITOR_AUTH_PASSWORD_CHECK_FAILED'
  | 'KAPACITOR_AUTH_PROXY'
  | 'KAPACITOR_AUTH_STORE_DEGRADED'
  | 'KAPACITOR_AUTH_STORE_UNAVAILABLE';

/** Milliseconds between two warnings about the same thing. */
const WARN_EVERY = 60_000;

/** Tells the operator, as Node does: on standard error, unless the app listens to warnings. */
export function warn(code: WarningCode, message: string): void {
  process.emitWarning(message, { type: 'KapacitorAuthWarning', code });
}

/** For what may happen at each request: it is told once a minute. */
export function createWarner(code: WarningCode): (message: string) => void {
  let warnedAt = Number.NEGATIVE_INFINITY;
  return (message) => {
    if (Date.now() - warnedAt < WARN_EVERY) return;
    warnedAt = Date.now();
    warn(code, message);
  };
}
