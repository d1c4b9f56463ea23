/** Milliseconds that do not go back. Taken before anybody can put a fake clock in its place, which would stand still. */
export const now: () => number = performance.now.bind(performance);
