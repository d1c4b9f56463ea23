import { type HostRequest, settingOf } from './host.js';

/**
 * What is wrong with how the app knows its clients, which failures are counted by; undefined if nothing is seen to be.
 * See https://expressjs.com/en/guide/behind-proxies.html
 */
export function proxyProblem(req: HostRequest): string | undefined {
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
  if (trust === false && req.headers['x-forwarded-for'] !== undefined) {
    return (
      'a request has X-Forwarded-For, and the setting "trust proxy" is false: if there is a proxy, all its clients ' +
      'count as one, and their failed logins together. Set it to the number or the addresses of your proxies'
    );
  }
  return undefined;
}
