import promises from 'node:timers/promises';

/**
 * Slows the clock and the timers of a process whose processor is emulated, which is so many times slower. Otherwise what a
 * store does each millisecond or each second would be counted with every request, although many requests share it.
 */
const SLOWER = 50;

const { setTimeout, setInterval } = globalThis;
const now = performance.now.bind(performance);
const wait = promises.setTimeout;

performance.now = () => now() / SLOWER;
globalThis.setTimeout = slowed(setTimeout);
globalThis.setInterval = slowed(setInterval);
promises.setTimeout = (milliseconds = 0, ...others) => wait(milliseconds * SLOWER, ...others);

type Timer = (callback: () => void, milliseconds?: number, ...values: unknown[]) => NodeJS.Timeout;

function slowed<T extends typeof setTimeout | typeof setInterval>(timer: T): T {
  const slow: Timer = (callback, milliseconds = 0, ...values) =>
    (timer as Timer)(callback, milliseconds * SLOWER, ...values);
  return Object.assign(slow, timer) as unknown as T;
}
