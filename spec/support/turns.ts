import { onTestFinished } from 'vitest';

/** Counts the turns that other work of the event loop has from now on, until the test is over. */
export function countTurns(): () => number {
  let turns = 0;
  const count = () => {
    turns += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  onTestFinished(() => clearImmediate(counting));
  return () => turns;
}
