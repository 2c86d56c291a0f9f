/** A last line that every CI can read: `N passed, N failed`. */
import type { Reporter, TestModule } from 'vitest/node';

export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const states = modules.flatMap((one) =>
      [...one.children.allTests()].map((t) => t.result().state),
    );
    const broken = modules.filter((one) => one.state() === 'failed' && !hasFailedTest(one)).length;
    const passed = states.filter((state) => state === 'passed').length;
    const failed = states.filter((state) => state === 'failed').length + broken + errors.length;
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  }
}

/** A file that failed without a failed test (it did not even load) counts as a failure too. */
function hasFailedTest(module: TestModule): boolean {
  return [...module.children.allTests('failed')].length > 0;
}
