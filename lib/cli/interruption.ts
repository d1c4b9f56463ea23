/** Ctrl-C, a shutdown of the machine, the end of an SSH session, and Ctrl-\. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
type Signal = (typeof SIGNALS)[number];

/** All tasks share one listener a signal: it ends the process, so no other listener would run after it. */
const tasks = new Set<() => void>();

/**
 * Runs a task before a signal ends the process. The process then ends by that signal, as shells expect it (130 or 143);
 * `process.exit()` would wait for the threads.
 *
 * @param task must be synchronous
 * @returns removes the task
 */
export function beforeInterruption(task: () => void): () => void {
  const own = () => task();
  if (tasks.size === 0) for (const signal of SIGNALS) process.on(signal, endProcess);
  tasks.add(own);
  return () => {
    tasks.delete(own);
    if (tasks.size === 0) for (const signal of SIGNALS) process.off(signal, endProcess);
  };
}

function endProcess(signal: Signal): void {
  for (const task of tasks) {
    try {
      task();
    } catch {
      // The other tasks remove files with hashes.
    }
  }
  for (const each of SIGNALS) process.removeAllListeners(each);
  // SIGQUIT would write a core dump, with the hashes in it.
  process.kill(process.pid, signal === 'SIGQUIT' ? 'SIGTERM' : signal);
}
