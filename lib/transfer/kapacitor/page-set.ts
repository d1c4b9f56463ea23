/** A set of page ids, at one bit each. */
export class PageSet {
  readonly #bits: Uint8Array;

  /** For ids below `size`. */
  constructor(size: number) {
    this.#bits = new Uint8Array(Math.ceil(size / 8));
  }

  /** Answers whether the page was not in the set before. */
  add(id: number): boolean {
    const place = id >>> 3;
    const bit = 1 << (id & 7);
    const bits = this.#bits[place] ?? 0;
    this.#bits[place] = bits | bit;
    return (bits & bit) === 0;
  }

  copy(): PageSet {
    const copy = new PageSet(this.#bits.length * 8);
    copy.#bits.set(this.#bits);
    return copy;
  }
}
