import { withoutSecrets } from '../safe-text.js';
import type { ImportSummary } from '../transfer/import-users.js';
import type { FileFormat, ImportedUser } from '../transfer/user-file.js';
import { changedParts } from '../users/audit-events.js';
import { publicUser, type StoredUser } from '../users/user.js';
import type { AuditTrail } from './audit-trail.js';

/** Tells the audit log of an import: of each admin by an event of its own, and of the others how many they are. */
export class ImportTrail {
  readonly #trail: AuditTrail;
  readonly #format: FileFormat;
  #added = 0;
  #replaced = 0;

  constructor(trail: AuditTrail, format: FileFormat) {
    this.#trail = trail;
    this.#format = format;
  }

  /** A user is stored. Who becomes an admin, and who is one no more or another one, is told at once. */
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

  done({ added, replaced, kept, refused }: ImportSummary): void {
    this.#record('done', { added, replaced, kept: kept.count, refused: refused.count });
  }

  /** What was stored stays. */
  failed(error: unknown): void {
    const { message } = error as Error;
    this.#record('failed', { added: this.#added, replaced: this.#replaced, reason: withoutSecrets(message) });
  }

  /** The thousand that were being stored may be stored as well. */
  interrupted(): void {
    this.#record('interrupted', { added: this.#added, replaced: this.#replaced });
  }

  #record(outcome: 'done' | 'failed' | 'interrupted', counts: object): void {
    this.#trail.record('users-imported', { format: this.#format, outcome, ...counts });
  }
}
