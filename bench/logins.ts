import type { MeasuredLogins } from './logins-process.js';
import { decimals, type Measure, type Tables, whole } from './measure.js';
import { start, stop } from './process.js';

export const LOGINS: Measure = {
  about: 'Logins that are not in the cache: sharing, equal timing, memory.',
  mostRounds: 1,
  measure: measureLogins,
  tables: {
    verifications: { columns: { number: whole } },
    failures: {
      caption: 'Failed attempts, medians of 200 each:',
      columns: { milliseconds: decimals(2), 'relative to the shortest': decimals(3) },
    },
    memory: {
      caption: 'Heap and external memory after 200,000 attempts of distinct users from distinct addresses:',
      columns: { 'MiB more than before': decimals(1, 10) },
    },
  },
};

/** Measures the cost of logins that the cache does not answer. */
async function measureLogins(): Promise<Tables> {
  process.stderr.write('logins: this takes some minutes\n');
  // The lowest cost and as many threads as possible, because bcrypt itself is not measured.
  const { child, told } = await start<MeasuredLogins>('./logins-process.ts', [], ['--expose-gc'], {
    UV_THREADPOOL_SIZE: '16',
  });
  await stop(child);
  const { verifications, failures, memory, memoryLater } = told;
  const shortest = Math.min(...Object.values(failures));
  return {
    verifications: [{ verifications: '100 first logins of one user at once', number: verifications }],
    failures: Object.entries(failures).map(([attempt, milliseconds]) => ({
      attempt,
      milliseconds,
      'relative to the shortest': milliseconds / shortest,
    })),
    memory: [
      { memory: 'at once', 'MiB more than before': memory },
      { memory: 'when the window is over', 'MiB more than before': memoryLater },
    ],
  };
}
