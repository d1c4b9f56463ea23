import { userInfo } from 'node:os';
import { AuditLog } from '../audit/audit-log.js';
import type { Audit, AuditContext } from '../audit/events.js';
import { ConfigError } from '../errors.js';

/**
 * Tells the audit log of the configuration, which its servers write to as well, of what is done on the command line. It is
 * opened when there is something to tell: whoever only reads need not be able to write to it.
 */
export class AuditTrail {
  /** Whoever it is on this machine: no user of ours is known here. */
  readonly context: AuditContext = { by: `command line: ${accountName()}` };
  readonly #path: string | undefined;
  readonly #onFailure: (problem: string) => void;
  #log: AuditLog | undefined;
  #isGivenUp = false;

  /**
   * @param path undefined: there is no audit log
   * @param onFailure told why it has nothing of what was done
   */
  constructor(path: string | undefined, onFailure: (problem: string) => void) {
    this.#path = path;
    this.#onFailure = onFailure;
  }

  /** For the user service. */
  readonly audit: Audit = (event, details) => this.#write(event, details());

  /** What only the command line does. */
  record(event: string, details: object): void {
    this.#write(event, { ...this.context, ...details });
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }

  #write(event: string, details: object): void {
    if (this.#path === undefined || this.#isGivenUp) return;
    try {
      this.#log ??= new AuditLog(this.#path);
      this.#log.write(event, { time: new Date(), ...details });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#isGivenUp = true;
      this.#onFailure(`warning: the audit log has nothing of this: ${error.message}`);
    }
  }
}

/** Who has no name has a number: in a container there may be no list of names. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'somebody');
  }
}
