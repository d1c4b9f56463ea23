import type { Duplex } from 'node:stream';
import { didYouMean, keyProblem, refuseExtra } from '../argument-checks.js';
import { ConfigError } from '../errors.js';
import { isRequest } from '../request/client-address.js';
import type { HostApp } from '../request/host.js';
import { describeType, describeValue } from '../safe-text.js';

/** An Express app, whose settings count for an upgrade. */
interface UpgradeApp extends HostApp {
  /** The prototype of the app's requests. */
  readonly request: object;
}

/** The options of `auth.authorizeUpgrade`. */
export interface UpgradeOptions {
  /**
   * Other sites whose pages may open connections as the user who is logged in, such as `https://app.example.com`. Defaults
   * to none: only pages of the host that the request asks for.
   */
  readonly origins?: readonly string[] | undefined;
  /**
   * The Express app, if the server is behind a proxy. Its setting `trust proxy` then names the client, and `req` becomes a
   * request of that app. Defaults to none: the client is the other end of the connection.
   */
  readonly app?: UpgradeApp | undefined;
}

/** The options after they are checked. */
export interface ResolvedUpgrade {
  readonly origins: readonly string[];
  readonly app: UpgradeApp | undefined;
}

const KEYS = ['origins', 'app'];

/**
 * Checks the arguments of `auth.authorizeUpgrade`.
 *
 * @throws {ConfigError} names the mistake, and what to write
 */
export function readUpgrade([req, socket, options = {}, ...extra]: readonly unknown[]): ResolvedUpgrade {
  if (!isRequest(req) || !isSocket(socket)) {
    throw mistake(
      "write server.on('upgrade', async (req, socket) => { … await auth.authorizeUpgrade(req, socket) … })",
    );
  }
  refuseExtra('auth.authorizeUpgrade', 'a request, a socket and options', extra);
  const problem = keyProblem(options, { owner: 'the third argument', noun: 'option', keys: KEYS });
  if (problem !== undefined) throw mistake(problem);
  const { origins = [], app } = options as Readonly<Record<string, unknown>>;
  if (!Array.isArray(origins)) throw mistake(`origins must be a list of texts, not ${describeType(origins)}`);
  for (const origin of origins) {
    const wrong = originProblem(origin);
    if (wrong !== undefined) throw mistake(wrong);
  }
  if (app !== undefined && !isApp(app)) throw mistake(`app must be an Express app, not ${describeType(app)}`);
  return { origins, app };
}

/** Whether a socket was given, which nobody but the caller would close. */
export function isSocket(value: unknown): value is Duplex {
  const { write, destroy, resume } = Object(value) as Partial<Record<string, unknown>>;
  return [write, destroy, resume].every((method) => typeof method === 'function');
}

function isApp(value: unknown): value is UpgradeApp {
  const { get, request } = Object(value) as Partial<UpgradeApp>;
  return typeof get === 'function' && typeof request === 'object' && request !== null;
}

/** The problem of an entry of `origins`: https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin */
function originProblem(origin: unknown): string | undefined {
  if (typeof origin !== 'string') return `an origin is a text, not ${describeType(origin)}`;
  if (origin === '*') return 'every site could open connections as the user who is logged in: name the origins';
  const own = originOf(origin) ?? (origin.includes('://') ? undefined : originOf(`https://${origin}`));
  if (own === origin) return undefined;
  const hint = own === undefined ? ', such as "https://app.example.com"' : didYouMean(describeValue(own));
  return `${describeValue(origin)} is not an origin${hint}`;
}

function originOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin } = new URL(url);
  return origin === 'null' ? undefined : origin;
}

function mistake(problem: string): ConfigError {
  return new ConfigError(`auth.authorizeUpgrade: ${problem}`);
}
