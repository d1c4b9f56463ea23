import type { Reporter, TestModule } from 'vitest/node';

/** Ends the output with one line that says how it went: `12 passed, 0 failed`. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        if (test.result().state === 'passed') passed += 1;
        else failed += 1;
      }
    }
    // Behind the coverage, which is printed after the reporters.
    process.on('exit', () => console.log(`\n${passed} passed, ${failed} failed`));
  }
}
