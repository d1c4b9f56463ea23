import { clientNetwork, isUnixSocket, UNKNOWN_NETWORK } from '../request/client-address.js';
import { type HostRequest, settingOf } from '../request/host.js';
import { warn } from '../warnings.js';

/** Creates a function that warns once when the app's setting `trust proxy` makes it count failed logins for the wrong client. */
export function createProxyWarner(): (req: HostRequest) => void {
  let hasWarned = false;
  return (req) => {
    const problem = hasWarned ? undefined : proxyProblem(req);
    if (problem === undefined) return;
    hasWarned = true;
    warn('KAPACITOR_AUTH_PROXY', problem);
  };
}

/**
 * The problem of the app's setting `trust proxy`, or undefined. With a wrong setting, failed logins count for the wrong
 * client. See https://expressjs.com/en/guide/behind-proxies.html
 */
function proxyProblem(req: HostRequest): string | undefined {
  const trust: unknown = settingOf(req, 'trust proxy');
  if (trust === true) {
    return (
      'the setting "trust proxy" is true: a client can name any address in X-Forwarded-For, and its failed logins count ' +
      'for that address. Set "trust proxy" to the number or the addresses of your proxies'
    );
  }
  if (typeof trust === 'string' && /^\d+$/.test(trust)) {
    return (
      `the setting "trust proxy" is the text "${trust}", which Express takes for an address: it trusts no proxy, and all ` +
      'clients count as one. Set "trust proxy" to a number'
    );
  }
  return req.headers['x-forwarded-for'] === undefined ? undefined : forwardingProblem(req, trust);
}

/** The problem of a request that has `X-Forwarded-For`. */
function forwardingProblem(req: HostRequest, trust: unknown): string | undefined {
  if (trust === false) {
    return (
      'a request has X-Forwarded-For, and the setting "trust proxy" is false: all clients behind a proxy count as one, and ' +
      'so do their failed logins. Set "trust proxy" to the number or the addresses of your proxies'
    );
  }
  const isCountedTogether = clientNetwork(req) === UNKNOWN_NETWORK;
  if (req.ip === undefined && isUnixSocket(req.socket)) {
    const counted = isCountedTogether ? 'as one' : 'as if the proxy connected from 127.0.0.1';
    return (
      'a request has X-Forwarded-For and came through a Unix socket: with its setting "trust proxy", Express gives no ' +
      `req.ip, and the clients of the proxy count ${counted}. Set "trust proxy" to the number of your proxies`
    );
  }
  if (req.ip === undefined && trust === undefined) {
    const remedy =
      req.headers.upgrade === undefined
        ? 'Set req.ip to the address of the client before kapacitorAuth'
        : 'Give auth.authorizeUpgrade the Express app that knows your proxies: auth.authorizeUpgrade(req, socket, { app })';
    return (
      'a request has X-Forwarded-For, which nothing reads without Express: all clients behind a proxy count as one, and so ' +
      `do their failed logins. ${remedy}`
    );
  }
  if (isCountedTogether && !req.socket.destroyed) {
    return (
      'a request has X-Forwarded-For without an address in it: all such clients count as one, and so do their failed ' +
      'logins. Let your proxy write the address of its client last'
    );
  }
  return undefined;
}
