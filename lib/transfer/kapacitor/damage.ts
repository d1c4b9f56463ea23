const COPY_AGAIN = 'Stop Kapacitor, copy its database again, and import the copy';

/**
 * A Kapacitor's database is not as Kapacitor and Bolt write it. The message says what is wrong and where, and knows no
 * path: whoever opened the file makes an `ImportError` of this, with the path, the message and the remedy.
 */
export class Damage extends Error {
  /** What to do about it, as a sentence. */
  readonly remedy: string;

  constructor(message: string, remedy: string = COPY_AGAIN) {
    super(message);
    this.remedy = remedy;
  }
}

/** Runs a check, whose damage is said to be this thing's: `page 7` makes `is free` of it `page 7 is free`. */
export function naming<Result>(thing: string, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw error instanceof Damage ? new Damage(`${thing} ${error.message}`, error.remedy) : error;
  }
}
