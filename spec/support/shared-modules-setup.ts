import { readFileSync } from 'node:fs';
import { afterAll, expect, vi } from 'vitest';

const ELSEWHERE = 'Name it on another line of the table in spec/vitest.config.ts: one of the "isolated"';

const { testPath = '' } = expect.getState();
const source = readFileSync(testPath, 'utf8');
if (/\bvi\.(?:mock|doMock|resetModules)\(/.test(source)) {
  throw new Error(`this spec replaces modules, which the next spec would keep. ${ELSEWHERE}`);
}
if (/\bvi\.getTimerCount\(/.test(source)) {
  throw new Error(`this spec counts timers, and an earlier spec may have left one. ${ELSEWHERE}`);
}

// It is the first hook, and so the last one that runs after all tests.
afterAll(() => {
  if (!vi.isFakeTimers()) return;
  vi.useRealTimers();
  throw new Error(
    'this spec leaves fake timers, which the next spec would keep. Call vi.useRealTimers() after each test',
  );
});
