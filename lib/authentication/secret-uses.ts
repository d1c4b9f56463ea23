import { RECORD_USE_EVERY, type SecretRepository } from '../users/secret.js';

/** Milliseconds. Uses within this time are recorded together. */
const COLLECT_FOR = 1_000;

/** Records when secrets were used. No request waits for it, and a use that cannot be recorded is lost. */
export class SecretUses {
  readonly #secrets: Pick<SecretRepository, 'recordUses'>;
  /** The last noted use of each secret in this minute, the oldest first. */
  readonly #noted = new Map<string, number>();
  #waiting: { digest: string; lastUsed: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(secrets: Pick<SecretRepository, 'recordUses'>) {
    this.#secrets = secrets;
  }

  /** Notes that a secret was used now. */
  note(digest: string, time: number): void {
    const noted = this.#noted.get(digest);
    if (noted !== undefined && time - noted < RECORD_USE_EVERY) return;
    this.#noted.delete(digest);
    this.#noted.set(digest, time);
    this.#waiting.push({ digest, lastUsed: time });
    this.#timer ??= setTimeout(() => this.#record(), COLLECT_FOR).unref();
  }

  /** When this process noted the secret last, in the last minute or two. */
  lastNoted(digest: string): number | undefined {
    return this.#noted.get(digest);
  }

  /** Uses that wait are lost. */
  close(): void {
    clearTimeout(this.#timer);
    this.#noted.clear();
    this.#waiting = [];
  }

  #record(): void {
    this.#timer = undefined;
    const uses = this.#waiting;
    this.#waiting = [];
    const oldest = Date.now() - RECORD_USE_EVERY;
    for (const [digest, time] of this.#noted) {
      if (time > oldest) break;
      this.#noted.delete(digest);
    }
    // The store reports its own failures.
    void Promise.allSettled([(async () => this.#secrets.recordUses(uses))()]);
  }
}
