import { afterEach, describe, expect, it, vi } from 'vitest';
import { instructionsIn, requireValgrind } from '../../bench/callgrind.js';
import { BARE, countInstructions } from '../../bench/instructions.js';
import recorded from '../../bench/recorded-instructions.json' with { type: 'json' };

const MAJOR = process.versions.node.split('.')[0] as string;
/** The most that the ratio may grow, and what two counts of one program may differ by. */
const TOLERANCE = 0.01;
/** Milliseconds. An emulated processor is slow, and slower where others use the machine. */
const LONG = 600_000;

const MISSING = /counted by Valgrind, which is not here: install the package valgrind/;

/** By major versions of Node.js. There is no ratio for others. */
const RATIOS: Readonly<Record<string, number>> = recorded;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the instructions of a request', () => {
  it.each(Object.entries(RATIOS).filter(([major]) => major === MAJOR))(
    'with a cached password, on Node.js %s, are those of bare Express and few more: %f',
    { timeout: LONG },
    async (_, most) => {
      const count = () =>
        countInstructions({ path: process.execPath, major: MAJOR }, [BARE, { app: 'kapacitor-auth' }]);
      if (await isMissing()) return expect(count()).rejects.toThrow(MISSING);
      const [bare, guarded] = (await count()) as [number, number];
      expect(guarded / bare).toBeLessThan(most + TOLERANCE);
      // A server that does less than Express is not one.
      expect(guarded / bare).toBeGreaterThan(1);
    },
  );

  it('are not counted without Valgrind, and the error says what to install', async () => {
    vi.stubEnv('PATH', '');
    await expect(requireValgrind()).rejects.toThrow(MISSING);
    await expect(countInstructions({ path: process.execPath, major: MAJOR }, [BARE])).rejects.toThrow(MISSING);
  });

  it('are those of a dump, without those of the compiler and of the garbage collector', () => {
    const dump = [
      'events: Ir',
      'summary: 1000',
      'fn=(1) main',
      '0 100',
      'cfn=(2) v8::internal::Compiler::Compile(v8::internal::Isolate*)',
      'calls=1 0',
      '0 300',
      'cfn=(3) v8::internal::Heap::CollectGarbage(int)',
      'calls=2 0',
      '0 50',
      'cfn=(4) something()',
      'calls=2 0',
      '0 70',
      'fn=(2)',
      '0 200',
      'cfn=(3)',
      'calls=1 0',
      '0 100',
    ];
    expect(instructionsIn(dump.join('\n'))).toBe(650);
  });
});

async function isMissing(): Promise<boolean> {
  return requireValgrind().then(
    () => false,
    () => true,
  );
}
