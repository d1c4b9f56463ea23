import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Sees to it that something is done before the process ends that is told to: with Ctrl-C, or by the machine. It ends with
 * the code that shells give such a process.
 *
 * @returns what makes it end as ever
 */
export function beforeInterruption(tidyUp: () => void): () => void {
  const end = (signal: NodeJS.Signals) => {
    tidyUp();
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of SIGNALS) process.once(signal, end);
  return () => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
}
