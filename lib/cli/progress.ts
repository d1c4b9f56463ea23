import { beforeInterruption } from './interruption.js';
import type { Output } from './output.js';
import type { Streams } from './streams.js';

/** How many users it takes for a bar to be worth it. */
const WORTH_A_BAR = 10_000;

/** How far something is that takes its time. */
export interface Progress {
  update(done: number, total: number): void;
  /** Takes the bar away. */
  stop(): void;
}

/**
 * A bar on standard error, if that is a terminal and there is much to do.
 *
 * @param whenInterrupted what to say when it ends before its time
 */
export async function createProgress({ stderr }: Streams, output: Output, whenInterrupted: string): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const bar = new cliProgress.SingleBar({
    stream: stderr,
    format: '{value} of {total} users [{bar}] {percentage} %, {eta_formatted} to go',
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    barsize: 24,
    clearOnComplete: true,
    hideCursor: true,
  });
  const forget = beforeInterruption(() => {
    // It has hidden the cursor.
    bar.stop();
    output.note(whenInterrupted);
  });
  let isStarted = false;
  return {
    update: (done, total) => {
      if (!stderr.isTTY || total <= WORTH_A_BAR) return;
      if (isStarted) bar.update(done);
      else bar.start(total, done);
      isStarted = true;
    },
    stop: () => {
      forget();
      bar.stop();
    },
  };
}
