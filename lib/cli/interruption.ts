/** Ctrl-C, the machine, the end of a session over SSH, Ctrl-\. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
type Signal = (typeof SIGNALS)[number];

/** What is to be done first. Each signal has one listener for all: the last one to be called would be too late. */
const tasks = new Set<() => void>();

/**
 * Sees to it that something is done before the process ends that is told to. It ends by the signal then, as one that
 * listens to none does, and shells say 130 or 143: an exit of its own would wait for whatever a thread is doing.
 *
 * @param tidyUp whatever takes time comes too late
 * @returns what makes it end as ever
 */
export function beforeInterruption(tidyUp: () => void): () => void {
  const task = () => tidyUp();
  if (tasks.size === 0) for (const signal of SIGNALS) process.on(signal, end);
  tasks.add(task);
  return () => {
    tasks.delete(task);
    if (tasks.size === 0) for (const signal of SIGNALS) process.off(signal, end);
  };
}

function end(signal: Signal): void {
  for (const task of tasks) {
    try {
      task();
    } catch {
      // The others have hashes to take away.
    }
  }
  for (const each of SIGNALS) process.removeAllListeners(each);
  // SIGQUIT would leave an image of the memory, and the hashes in it.
  process.kill(process.pid, signal === 'SIGQUIT' ? 'SIGTERM' : signal);
}
