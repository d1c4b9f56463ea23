import { ImportError } from '../user-file.js';

const COPY_AGAIN = 'Stop Kapacitor, copy its database again, and import the copy';
export const WHERE_IT_IS =
  'Kapacitor keeps its database where [storage] boltdb in kapacitor.conf says, /var/lib/kapacitor/kapacitor.db by default';

/**
 * The database is not as Kapacitor and Bolt write it. The message says what is wrong and where; {@link importErrorOf} adds
 * the path of the file.
 */
export class Damage extends Error {
  /** The advice, as a sentence without its full stop. */
  readonly remedy: string;

  constructor(message: string, remedy: string = COPY_AGAIN) {
    super(message);
    this.remedy = remedy;
  }
}

/** Runs a check, and puts a subject before the message of its damage: `page 7` and `is free` become `page 7 is free`. */
export function about<Result>(subject: string, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw error instanceof Damage ? new Damage(`${subject} ${error.message}`, error.remedy) : error;
  }
}

/** The error for the user, with the path and the remedy. */
export function importErrorOf(path: string, cause: unknown): ImportError {
  if (cause instanceof ImportError) return cause;
  if (cause instanceof Damage) return new ImportError(`cannot import ${path}: ${cause.message}. ${cause.remedy}`);
  return new ImportError(`cannot read ${path}: ${(cause as Error).message}`, { cause });
}
