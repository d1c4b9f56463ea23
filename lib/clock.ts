/** Milliseconds of a clock that never goes back. It is bound at import, so that an app's fake clock does not stop it. */
export const now: () => number = performance.now.bind(performance);
