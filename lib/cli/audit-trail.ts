import { closeSync, writeSync } from 'node:fs';
import { userInfo } from 'node:os';
import { auditLine } from '../observe/audit-record.js';
import { type FoundFile, openNow } from '../observe/opened-file.js';
import type { Audit, AuditContext } from '../users/audit-events.js';

/**
 * Tells the audit log of the configuration, which its servers write to as well, of what is done on the command line. It is
 * opened when there is something to tell: whoever only reads need not be able to write to it. Each event is in the file
 * when it has been told: nobody waits for the command line, and it may be interrupted at any time.
 */
export class AuditTrail {
  /** Whoever it is on this machine: no user of ours is known here. */
  readonly context: AuditContext = { by: `command line: ${accountName()}` };
  readonly #path: string | undefined;
  readonly #onProblem: (problem: string) => void;
  #file: FoundFile | undefined;
  #isGivenUp = false;

  /**
   * @param path undefined: there is no audit log
   * @param onProblem told why it has nothing of what was done, or that others may read it
   */
  constructor(path: string | undefined, onProblem: (problem: string) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  /** For the user service. */
  readonly audit: Audit = (event, details) => this.#write(event, details());

  /** What only the command line does. */
  record(event: string, details: object): void {
    this.#write(event, { ...this.context, ...details });
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.descriptor);
    this.#file = undefined;
  }

  #write(event: string, details: object): void {
    if (this.#path === undefined || this.#isGivenUp) return;
    try {
      this.#file ??= this.#open(this.#path);
      const line = Buffer.from(auditLine(event, { time: new Date(), ...details }));
      if (writeSync(this.#file.descriptor, line) < line.length) throw new Error(`there is no room for ${this.#path}`);
    } catch (error) {
      this.#isGivenUp = true;
      this.#onProblem(`warning: the audit log has nothing of this: ${(error as Error).message}`);
    }
  }

  #open(path: string): FoundFile {
    const file = openNow(path);
    if (file.exposure !== undefined) this.#onProblem(`warning: ${file.exposure}`);
    // After what a process that was killed has begun.
    if (file.endsWithinLine) writeSync(file.descriptor, '\n');
    return file;
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
