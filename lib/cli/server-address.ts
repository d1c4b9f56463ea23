import { UsageError } from './cli-error.js';

/** A server, and who asks it. */
export interface ServerAddress {
  /** Without credentials, and without a slash at the end: for requests and for messages. */
  readonly base: string;
  /** Undefined: no credentials are sent. */
  readonly user: string | undefined;
  /** Undefined: it is asked for. */
  readonly password: string | undefined;
}

/**
 * Reads `http://USER:PASSWORD@HOST:9092`. A path is where the server's `/kapacitor/v1` is below.
 *
 * @param source what to call it: the URL itself may hold a password, and is not repeated
 * @throws {UsageError} it is none
 */
export function parseServerUrl(text: string, source: string): ServerAddress {
  const expected = `${source} must be such as http://USER@HOST:9092 or https://USER:PASSWORD@HOST:9092`;
  const encoded = 'Characters such as @ / : # % in a name or a password are percent-encoded: %40 %2F %3A %23 %25';
  if (!/^https?:\/\//i.test(text)) throw new UsageError(expected);
  const [, authority = '', rest = ''] = /^[^:]+:\/\/([^/?#]*)(.*)$/s.exec(text) ?? [];
  // Of a password that is not encoded a part would be taken for the host, or for a path.
  if (/@.*@/s.test(authority) || rest.includes('@') || !URL.canParse(text)) {
    throw new UsageError(`${expected}. ${encoded}`);
  }
  const { origin, pathname, username, password } = new URL(text);
  try {
    return {
      base: origin + pathname.replace(/\/+$/, ''),
      user: username === '' ? undefined : decodeURIComponent(username),
      password: password === '' ? undefined : decodeURIComponent(password),
    };
  } catch {
    throw new UsageError(`${expected}. ${encoded}`);
  }
}
