import type { Faults } from './soak-faults.js';
import { FLATNESS, growthOf, type Sample, unevenAmounts } from './soak-samples.js';
import type { Verdicts } from './soak-verdicts.js';

/** Minutes after which memory and descriptors are flat. */
const WARM_AFTER = 5;
/** Minutes of a soak that is long enough to judge them. */
const JUDGED_FROM = 10;
/** The part of the answers that may say that too many passwords wait, on a machine with other work to do. */
const MOST_OVERLOADED = 0.01;

interface Soaked {
  readonly store: string;
  readonly minutes: number;
  readonly verdicts: Verdicts;
  readonly faults: Faults;
  /** One list for each server. */
  readonly samples: readonly (readonly Sample[])[];
  readonly skipped: number;
}

/** Prints what happened. Returns whether it was as it has to be. */
export function printReport({ store, minutes, verdicts, faults, samples, skipped }: Soaked): boolean {
  const { wrong, counts, late, overloaded, total } = verdicts;
  console.log(
    `\n${total} answers in ${minutes} minutes of ${store}, ${faults.count} faults, ${skipped} requests not sent`,
  );
  for (const [kind, statuses] of [...counts].sort()) {
    const each = [...statuses].sort(([one], [other]) => one - other).map(([status, count]) => `${status}: ${count}`);
    console.log(`  ${kind.padEnd(10)} ${each.join('  ')}`);
  }
  for (const [delay, count] of [...late].sort(([one], [other]) => one - other)) {
    console.log(`  ${count} answers did not know of a change that had been answered up to ${delay} ms before`);
  }
  console.log(
    `  ${overloaded.atAll} logins got 503 because too many passwords waited, ${overloaded.inFaults} of them in faults: ` +
      `${MOST_OVERLOADED * 100} % of the answers at most`,
  );
  const isJudged = minutes >= JUDGED_FROM;
  if (isJudged) console.log(`\nfrom minute ${WARM_AFTER} on, ${FLATNESS}`);
  else console.log(`\nmemory and descriptors, which are judged in soaks of ${JUDGED_FROM} minutes or more`);
  const uneven = samples.flatMap((own, index) => {
    printMinutes(own, index);
    return isJudged ? printGrowth(own.filter(({ at }) => at >= WARM_AFTER * 60_000)) : [];
  });
  console.log(`\n${wrong.length} wrong answers`);
  for (const line of wrong) console.log(`  ${line}`);
  return wrong.length === 0 && uneven.length === 0 && total > 0 && overloaded.atAll <= total * MOST_OVERLOADED;
}

function printMinutes(samples: readonly Sample[], index: number): void {
  console.log(`server ${index + 1}: minute, RSS MB, heap MB, descriptors`);
  for (const [minute, own] of groupByMinute(samples)) {
    const { rss, heap, descriptors } = own.at(-1) as Sample;
    console.log(
      `  ${String(minute).padStart(2)} ${inMegabytes(rss)} ${inMegabytes(heap)} ${String(descriptors).padStart(4)}`,
    );
  }
}

/** Returns the amounts that are not flat. */
function printGrowth(samples: readonly Sample[]): string[] {
  const uneven = unevenAmounts(samples);
  for (const amount of ['rss', 'heap', 'descriptors'] as const) {
    const { from, to } = growthOf(samples, amount);
    const [before, after] = amount === 'descriptors' ? [from, to] : [inMegabytes(from), inMegabytes(to)];
    console.log(`  ${amount}: ${before} to ${after}: ${uneven.includes(amount) ? 'GROWS' : 'flat'}`);
  }
  return uneven;
}

function groupByMinute(samples: readonly Sample[]): Map<number, Sample[]> {
  const minutes = new Map<number, Sample[]>();
  for (const sample of samples) {
    const minute = Math.floor(sample.at / 60_000);
    minutes.set(minute, [...(minutes.get(minute) ?? []), sample]);
  }
  return minutes;
}

function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1).padStart(6);
}
