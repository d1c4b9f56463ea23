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
 * What is wrong with how the app knows its clients, which failures are counted by; undefined if nothing is seen to be.
 * See https://expressjs.com/en/guide/behind-proxies.html
 */
function proxyProblem(req: HostRequest): string | undefined {
  const trust: unknown = settingOf(req, 'trust proxy');
  if (trust === true) {
    return (
      'the setting "trust proxy" is true: whoever sends X-Forwarded-For counts as the client that it names, and ' +
      'its failed logins as those of many. Set it to the number or the addresses of your proxies'
    );
  }
  if (typeof trust === 'string' && /^\d+$/.test(trust)) {
    return (
      `the setting "trust proxy" is the text "${trust}", which Express takes for an address: no proxy is trusted, and ` +
      'all its clients count as one. Set it to a number'
    );
  }
  return req.headers['x-forwarded-for'] === undefined ? undefined : forwardingProblem(req, trust);
}

/** What is wrong for a request that comes through a proxy, or says so. */
function forwardingProblem(req: HostRequest, trust: unknown): string | undefined {
  if (trust === false) {
    return (
      'a request has X-Forwarded-For, and the setting "trust proxy" is false: if there is a proxy, all its clients ' +
      'count as one, and their failed logins together. Set it to the number or the addresses of your proxies'
    );
  }
  const isCountedTogether = clientNetwork(req) === UNKNOWN_NETWORK;
  if (req.ip === undefined && isUnixSocket(req.socket)) {
    const counted = isCountedTogether ? 'as one' : 'as if the proxy connected from 127.0.0.1';
    return (
      'a request has X-Forwarded-For, and came through a Unix socket: by its setting "trust proxy" Express gives no ' +
      `req.ip. The clients of the proxy count ${counted}. Set "trust proxy" to the number of your proxies`
    );
  }
  if (req.ip === undefined && trust === undefined) {
    return (
      'a request has X-Forwarded-For, which is not read without Express: if there is a proxy, all its clients count as ' +
      'one, and their failed logins together. Set req.ip to the address of the client before kapacitorAuth'
    );
  }
  if (isCountedTogether && !req.socket.destroyed) {
    return (
      'a request has X-Forwarded-For, and no address comes out of it: all such clients count as one, and their failed ' +
      'logins together. Let your proxy write the address of its client last'
    );
  }
  return undefined;
}
