import promises from 'node:timers/promises';

/**
 * The clock of a process whose processor is emulated. Otherwise what a store does each millisecond or each second would be
 * counted with every request, although many requests share it.
 */

/** Milliseconds that pass with each request: the process answers 10,000 a second, as a busy one does. */
const PER_REQUEST = 0.1;
/** Between requests the clock goes so many times slower than that on the wall. It goes on for whoever waits. */
const SLOWER = 1_000;
/** Timers fire so many times later: about as much slower is the processor. */
const LATER = 50;

const { setTimeout, setInterval } = globalThis;
const now = performance.now.bind(performance);
const wait = promises.setTimeout;

let requests = 0;

/** Lets the time of a request pass. */
export function passRequest(): void {
  requests += 1;
}

performance.now = () => now() / SLOWER + requests * PER_REQUEST;
globalThis.setTimeout = later(setTimeout);
globalThis.setInterval = later(setInterval);
promises.setTimeout = (milliseconds = 0, ...others) => wait(milliseconds * LATER, ...others);

type Timer = (callback: () => void, milliseconds?: number, ...values: unknown[]) => NodeJS.Timeout;

function later<T extends typeof setTimeout | typeof setInterval>(timer: T): T {
  const late: Timer = (callback, milliseconds = 0, ...values) =>
    (timer as Timer)(callback, milliseconds * LATER, ...values);
  return Object.assign(late, timer) as unknown as T;
}
