/** A value, or the promise of one. What is there already is given without a turn of the event loop. */
export type MaybePromise<T> = T | Promise<T>;

/** Tells a promise, of whatever library, from a value. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
