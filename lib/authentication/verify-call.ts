import { didYouMean, keyProblem, refuseExtra } from '../argument-checks.js';
import { ConfigError } from '../errors.js';
import { isAddress, isRequest, type RequestOrigin } from '../request/client-address.js';
import { describeType, describeValue } from '../safe-text.js';
import type { Credentials } from './credentials.js';

/** The credentials that `auth.verify` takes: a name and a password, or an `Authorization` header. */
export type GivenCredentials = Credentials | string | undefined;

/** The options of `auth.verify`. */
export interface VerifyOptions {
  /**
   * Where the credentials come from: the request (of any host that gives its `ip` or its `socket`), or the client's address.
   * Failed logins count for it.
   */
  readonly from: RequestOrigin | string;
}

/** The arguments after they are checked. */
export interface Verification {
  /** The values of the fields come from a client, and may be of any type. */
  readonly credentials: { readonly name: unknown; readonly password: unknown } | string | undefined;
  readonly origin: RequestOrigin;
}

const HOW_TO = 'write auth.verify(credentials, { from: req })';

/**
 * Checks the arguments of `auth.verify`.
 *
 * @throws {ConfigError} names the mistake, and what to write
 */
export function readVerification([credentials, options, ...extra]: readonly unknown[]): Verification {
  refuseExtra('auth.verify', 'credentials and options', extra);
  const problem = credentialsProblem(credentials) ?? optionsProblem(options);
  if (problem !== undefined) throw new ConfigError(`auth.verify: ${problem}`);
  const { from } = options as VerifyOptions;
  return {
    credentials: credentials as Verification['credentials'],
    origin: typeof from === 'string' ? { headers: {}, ip: from } : from,
  };
}

function credentialsProblem(credentials: unknown): string | undefined {
  if (credentials === undefined || typeof credentials === 'string') return undefined;
  if (isRequest(credentials)) return `a request is not credentials${didYouMean('req.headers.authorization')}`;
  return keyProblem(credentials, { owner: 'credentials', noun: 'field', keys: ['name', 'password'] });
}

function optionsProblem(options: unknown): string | undefined {
  if (options === undefined) return `failed logins count for the client's address: ${HOW_TO}`;
  if (typeof options === 'string' || isRequest(options)) return HOW_TO;
  const problem = keyProblem(options, { owner: 'the second argument', noun: 'option', keys: ['from'] });
  return problem ?? fromProblem((options as Partial<VerifyOptions>).from);
}

function fromProblem(from: unknown): string | undefined {
  if (typeof from === 'string') {
    if (isAddress(from)) return undefined;
    return `from must be an address such as "192.0.2.1", not ${describeValue(from)}: all such clients would count as one`;
  }
  if (!isRequest(from)) return `from must be a request or an address, not ${describeType(from)}`;
  const { ip, socket } = from;
  if (ip !== undefined || socket !== undefined) return undefined;
  return "from is a request without ip and socket, so that all clients would count as one: give the client's address";
}
