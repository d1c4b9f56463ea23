import { createHostCheck, type HostCheck } from '../request/allowed-hosts.js';
import type { HostRequest } from '../request/host.js';
import { Refusal } from './refusals.js';

/** Refuses requests for hosts that are not allowed. */
export class HostGate {
  #hosts: readonly string[] | undefined;
  #isAllowed: HostCheck | undefined;

  /** @param hosts undefined: every host is allowed */
  constructor(hosts: readonly string[] | undefined) {
    this.hosts = hosts;
  }

  get hosts(): readonly string[] | undefined {
    return this.#hosts;
  }

  set hosts(hosts: readonly string[] | undefined) {
    this.#hosts = hosts;
    this.#isAllowed = hosts && createHostCheck(hosts);
  }

  /** The refusal of a request for a host that is not allowed: 421. */
  refusalOf(req: HostRequest): Refusal | undefined {
    if (this.#isAllowed?.(req) !== false) return undefined;
    return new Refusal(421, 'this host is not served here: [http] allowed-hosts does not name it');
  }
}
