import type { MeasuredLogins } from './logins-process.js';
import { start, stop } from './process.js';

/** Measures the cost of logins that the cache does not answer. */
export async function measureLogins(): Promise<void> {
  process.stderr.write('logins: this takes some minutes\n');
  // The lowest cost and as many threads as possible, because bcrypt itself is not measured.
  const { child, told } = await start<MeasuredLogins>('./logins-process.ts', [], ['--expose-gc'], {
    UV_THREADPOOL_SIZE: '16',
  });
  await stop(child);
  const { verifications, failures, memory, memoryLater } = told;
  console.log(`\nVerifications for 100 first logins of one user at once: ${verifications}`);
  const shortest = Math.min(...Object.values(failures));
  console.log('\nFailed attempts, medians of 200 each, in milliseconds');
  console.table(
    Object.fromEntries(
      Object.entries(failures).map(([kind, time]) => [
        kind,
        { median: time.toFixed(2), 'to the shortest': (time / shortest).toFixed(3) },
      ]),
    ),
  );
  console.log(
    `\nHeap and external memory after 200,000 attempts of distinct users from distinct addresses: ${memory.toFixed(1)} MiB ` +
      `more than before, and ${memoryLater.toFixed(1)} MiB when the window is over`,
  );
}
