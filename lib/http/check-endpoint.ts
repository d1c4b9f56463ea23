import { METHOD_TOKEN } from '../authorization/privileges.js';
import { trustsPeer } from '../request/client-address.js';
import type { HostRequest, HostResponse, Middleware } from '../request/host.js';
import type { User } from '../users/user.js';
import { warn } from '../warnings.js';
import { forbidStoring, sendEmpty, sendError, sendMethodNotAllowed } from './answers.js';
import type { Guard } from './guard.js';
import type { IdentifyOptions, Proceed } from './guard-options.js';
import { answerRefusal, Refusal } from './refusals.js';

/** The headers in which a proxy names the request that it asks about, and what nginx writes into them. */
const HEADERS = [
  { name: 'X-Original-Method', variable: '$request_method', pattern: METHOD_TOKEN, expected: 'a method' },
  { name: 'X-Original-URI', variable: '$request_uri', pattern: /^\//, expected: 'a path with its query' },
] as const;

/**
 * Answers a proxy that asks whether to pass a request on, such as nginx with `auth_request`: 204, 401 or 403, as the guard
 * would decide about the request that `X-Original-Method` and `X-Original-URI` name. The credentials are those of the request
 * itself. nginx makes a 500 of every other answer: 400 for headers that are missing or malformed, 503 for a store that fails.
 *
 * A client that could write these headers would have another request decided than the one that it makes. So only the proxies
 * that the app's setting `trust proxy` names may ask.
 */
export function createCheckEndpoint(guard: Guard): Middleware {
  let hasWarned = false;
  return (req: HostRequest, res) => {
    forbidStoring(res);
    if (!trustsPeer(req)) {
      const problem = untrusted(req);
      if (!hasWarned) warn('KAPACITOR_AUTH_PROXY', problem);
      hasWarned = true;
      sendError(res, 403, problem);
    } else if (req.method !== 'GET' && req.method !== 'HEAD') {
      sendMethodNotAllowed(res, 'GET, HEAD');
    } else {
      check(guard, req, res);
    }
  };
}

function check(guard: Guard, req: HostRequest, res: HostResponse): void {
  const [method, target] = HEADERS.map(({ name, pattern }) => {
    const values = req.headersDistinct[name.toLowerCase()] ?? [];
    return values.length === 1 && pattern.test(values[0] as string) ? values[0] : undefined;
  });
  if (method === undefined || target === undefined) {
    const { name, variable, expected } = HEADERS[method === undefined ? 0 : 1];
    sendError(res, 400, `${name} must be ${expected}, once: write  proxy_set_header ${name} ${variable};`);
    return;
  }
  const original = originalRequest(req, method, target);
  const letThrough = () => {
    const user = original.user as User | undefined;
    // A name may have letters of any script, and a header may not.
    sendEmpty(res, 204, user && { 'X-Forwarded-User': encodeURIComponent(user.name.toWellFormed()) });
  };
  guard.identify(original, res, letThrough, decide(guard), optionsOf(guard));
}

/** The own rights of users are for the users API alone, so they do not count here. */
function decide(guard: Guard): Proceed {
  return (user, original) => guard.isPublic(original) || guard.authorize(user, original);
}

function optionsOf(guard: Guard): IdentifyOptions {
  return {
    admit: (original) => {
      if (!guard.isPublic(original)) return undefined;
      original.user = undefined;
      return true;
    },
    answersPreflights: false,
    sendsToSignIn: false,
    refuse: (res, { status, message, headers }, next) => {
      answerRefusal(res, new Refusal(status === 429 ? 401 : status, message, headers), next);
    },
  };
}

/** The request that the proxy asks about: from the same client, with the same credentials. */
function originalRequest(req: HostRequest, method: string, target: string): HostRequest {
  return Object.create(req, {
    method: { value: method },
    url: { value: target },
    originalUrl: { value: target },
    baseUrl: { value: '' },
    user: { value: req.user, writable: true },
  });
}

function untrusted({ socket }: HostRequest): string {
  const address = socket.remoteAddress ?? 'a Unix socket';
  return (
    `only a proxy may ask here, and the setting "trust proxy" does not name ${address}: set it to the address of your proxy, ` +
    'such as app.set("trust proxy", "loopback")'
  );
}
