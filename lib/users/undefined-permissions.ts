import { suggest } from '../argument-checks.js';
import { quoteText } from '../safe-text.js';
import type { PermissionNames } from './permissions.js';
import type { CompleteUserRepository } from './repository.js';

/** Milliseconds between two attempts while the store does not answer. */
const RETRY_AFTER = 10_000;
/** How many names a message has. */
const SHOWN = 10;

/** The names that are not defined, each once and in order. */
export function undefinedAmong(inUse: Iterable<string>, names: PermissionNames): string[] {
  return [...new Set(inUse)].filter((name) => !names.has(name)).sort();
}

/** `clrk (did you mean clerk?), former`: the undefined names, each with the defined one that was probably meant. */
export function listUndefined(undefinedNames: readonly string[], names: PermissionNames): string {
  const shown = undefinedNames.slice(0, SHOWN).map((name) => {
    const meant = suggest(name, names.all);
    return meant === undefined ? quoteText(name) : `${quoteText(name)} (did you mean ${quoteText(meant)}?)`;
  });
  const more = undefinedNames.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

/** Says that users have permissions that nobody defines. */
export function undefinedProblem(undefinedNames: readonly string[], names: PermissionNames): string {
  return `users have permissions that are not defined, and that open nothing: ${listUndefined(undefinedNames, names)}`;
}

/** The warning about such permissions, with what to do. */
export function undefinedWarning(undefinedNames: readonly string[], names: PermissionNames): string {
  return (
    `${undefinedProblem(undefinedNames, names)}. ` +
    'Define them under "permissions" in the configuration, or take them away from these users: ' +
    '"kapacitor-auth user list" shows who has them'
  );
}

export interface UndefinedPermissionsParts {
  readonly repository: Pick<CompleteUserRepository, 'permissionsInUse'>;
  /** The permissions that are defined. */
  readonly names: PermissionNames;
  /** Whether the store answers. */
  readonly isAnswering: () => boolean;
  /** Receives a warning, at most once. */
  readonly onFound: (warning: string) => void;
}

/** Looks once, after the start, for permissions that users have and nobody defines. Nothing waits for it. */
export class UndefinedPermissionsSearch {
  readonly #parts: UndefinedPermissionsParts;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: UndefinedPermissionsParts) {
    this.#parts = parts;
  }

  /** Looks when the start has succeeded, or else when the store answers. */
  startAfter(ready: Promise<void>): void {
    ready.then(
      () => this.#search(),
      () => this.#searchLater(),
    );
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #search(): Promise<void> {
    const { repository, names, isAnswering, onFound } = this.#parts;
    if (!isAnswering()) return this.#searchLater();
    try {
      const found = undefinedAmong(await repository.permissionsInUse(), names);
      if (found.length > 0 && !this.#isClosed) onFound(undefinedWarning(found, names));
    } catch {
      // A store that fails has warnings of its own. One that answers, and takes too long for this, would do so again.
      if (!isAnswering()) this.#searchLater();
    }
  }

  #searchLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.#search(), RETRY_AFTER).unref();
  }
}
