/**
 * Follows each page of the documentation from top to bottom, in one folder and one shell:
 *
 * - A block whose first line names a file (`// app.mjs`, `# kapacitor.conf`) is written to that file.
 * - A `sh` block is run. Lines behind `# `, or a `json` or `text` block that directly follows, are its output, in which
 *   `…` stands for anything. Every command must succeed; `|| true` says that it is meant to fail.
 * - `node app.mjs` runs in the background where app.mjs listens, and so does `npx kapacitor-auth serve`. A program that no command starts is started at the end.
 * - A `console` block is not run: see not-run.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGES } from './markdown.js';
import { isAsShown } from './output.js';
import { Reader } from './reader.js';
import { stepsOf } from './steps.js';

const pages = PAGES.map((page) => ({ page, steps: stepsOf(page) })).filter(({ steps }) => steps.length > 0);

describe.each(pages)('$page', { timeout: 60_000 }, ({ steps }) => {
  let reader: Reader;
  beforeAll(async () => {
    reader = await Reader.start();
  });
  afterAll(() => reader?.close());

  it.each(steps)('$title', async (step) => {
    const outcome = await reader.do(step);
    if (outcome === undefined) return;
    // A server has no exit code.
    expect(outcome.exitCode ?? 0, outcome.stderr).toBe(0);
    if (step.kind !== 'run' || step.expected === undefined) return;
    if (!isAsShown(step.expected, outcome, reader.folder)) {
      expect(`${outcome.stderr}${outcome.stdout}`).toBe(step.expected.text);
    }
  });
});
