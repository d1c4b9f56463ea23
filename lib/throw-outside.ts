/**
 * Throws what a callback of the app's has thrown where Node looks for it: as an uncaught exception, and not as the
 * rejection of a promise of ours. The app gets the error as if it had been called by Node itself.
 */
export function throwOutside(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
