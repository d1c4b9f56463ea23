import { closeSync, writeSync } from 'node:fs';
import { userInfo } from 'node:os';
import { auditLine } from '../observe/audit-record.js';
import { type FoundFile, openNow } from '../observe/opened-file.js';
import { withoutSecrets } from '../safe-text.js';
import type { ImportSummary } from '../transfer/import-users.js';
import type { FileFormat, ImportedUser } from '../transfer/user-file.js';
import { type Audit, type AuditContext, changedParts } from '../users/audit-events.js';
import { publicUser, type StoredUser } from '../users/user.js';

/**
 * Writes the events of the command line to the configured audit log, where servers may write as well. The first event opens
 * the file, so a command that only reads needs no right to write to it. Each event is written before the next step, because
 * the command may be interrupted at any time.
 */
export class AuditTrail {
  /** The account on this machine: the command line knows no user of ours. */
  readonly context: AuditContext = { by: `command line: ${accountName()}` };
  readonly #path: string | undefined;
  readonly #onProblem: (problem: string) => void;
  #file: FoundFile | undefined;
  #isGivenUp = false;

  /**
   * @param path undefined if there is no audit log
   * @param onProblem receives a warning if events cannot be written, or others may read them
   */
  constructor(path: string | undefined, onProblem: (problem: string) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  /** For the user service. */
  readonly audit: Audit = (event, details) => this.#write(event, details());

  /** For events that only the command line has. */
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
      this.#onProblem(`warning: this is not in the audit log: ${(error as Error).message}`);
    }
  }

  #open(path: string): FoundFile {
    const file = openNow(path);
    if (file.exposure !== undefined) this.#onProblem(`warning: ${file.exposure}`);
    // A killed process may have left an unfinished line.
    if (file.endsWithinLine) writeSync(file.descriptor, '\n');
    return file;
  }
}

/** In a container the user may have a number and no name. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'somebody');
  }
}

/** Records an import: an event for each admin that it adds or changes, and one event with the numbers of users. */
export class ImportTrail {
  readonly #trail: AuditTrail;
  readonly #format: FileFormat;
  #added = 0;
  #replaced = 0;

  constructor(trail: AuditTrail, format: FileFormat) {
    this.#trail = trail;
    this.#format = format;
  }

  /** A user is stored. `before` is the user that it replaces. */
  stored(user: ImportedUser, before: StoredUser | undefined): void {
    if (before === undefined) this.#added += 1;
    else this.#replaced += 1;
    if (user.type !== 'admin' && before?.type !== 'admin') return;
    if (before === undefined) this.#trail.record('user-created', { user: publicUser(user) });
    else {
      const changed = changedParts(before, user);
      this.#trail.record('user-changed', { user: publicUser(user), before: publicUser(before), changed });
    }
  }

  done({ added, replaced, kept, refused, keys }: ImportSummary): void {
    this.#record('done', { added, replaced, kept: kept.count, refused: refused.count, keys: keys.added });
  }

  failed(error: unknown): void {
    const { message } = error as Error;
    this.#record('failed', { added: this.#added, replaced: this.#replaced, reason: withoutSecrets(message) });
  }

  /** The batch that was being stored may be stored as well. */
  interrupted(): void {
    this.#record('interrupted', { added: this.#added, replaced: this.#replaced });
  }

  #record(outcome: 'done' | 'failed' | 'interrupted', counts: object): void {
    this.#trail.record('users-imported', { format: this.#format, outcome, ...counts });
  }
}
