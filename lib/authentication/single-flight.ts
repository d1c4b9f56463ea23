/** Does equal work that is asked for while it goes on once, and gives its outcome to everybody who asked. */
export class SingleFlight<T> {
  readonly #inFlight = new Map<string, Promise<T>>();

  /** @param key the same for equal work, and for no other */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const shared = this.#inFlight.get(key);
    if (shared !== undefined) return shared;
    const flight = work().finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, flight);
    return flight;
  }
}
