import { describe, expect, it, vi } from 'vitest';
import { Condition } from '../../../lib/stores/sqlite/condition.js';
import { DEFAULT_STORE_SETTINGS, type StoreSettings } from '../../../lib/users/repository.js';

/** A condition, and what it has told since the last look. */
function setUp() {
  const report = vi.fn<StoreSettings['report']>();
  const condition = new Condition();
  condition.reportTo({ grace: 0, report });
  const told = () => report.mock.calls.splice(0);
  return { condition, told };
}

describe('the state of a store in SQLite', () => {
  it('is reported at open(), and when it changes', () => {
    const { condition, told } = setUp();
    expect(told()).toEqual([['up', undefined]]);
    condition.set('files', undefined);
    expect(told()).toEqual([]);
    condition.set('files', 'gone');
    condition.set('files', 'gone');
    expect(told()).toEqual([['down', 'gone']]);
    const second = vi.fn();
    condition.reportTo({ grace: 0, report: second });
    expect(second).toHaveBeenCalledWith('down', 'gone');
  });

  it('follows from the worst problem', () => {
    const { condition, told } = setUp();
    told();
    condition.set('writing', 'the disk is full');
    condition.set('reading', 'damaged');
    condition.set('files', 'gone');
    expect(told()).toEqual([
      ['degraded', 'changes fail: the disk is full'],
      ['down', 'damaged'],
      ['down', 'gone'],
    ]);
    condition.set('files', undefined);
    condition.set('reading', undefined);
    condition.set('writing', undefined);
    expect(told()).toEqual([
      ['down', 'damaged'],
      ['degraded', 'changes fail: the disk is full'],
      ['up', undefined],
    ]);
  });

  it('is not reported by a repository without a middleware', () => {
    const report = vi.spyOn(DEFAULT_STORE_SETTINGS, 'report');
    new Condition().reportTo(DEFAULT_STORE_SETTINGS);
    expect(report).not.toHaveBeenCalled();
  });
});
