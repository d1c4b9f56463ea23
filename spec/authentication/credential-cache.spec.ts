import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CredentialCache } from '../../lib/authentication/credential-cache.js';

const VERIFICATION = { name: 'someone', mark: 'a mark', origins: new Set<string>() };

describe('the cache of verified credentials', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('keeps an entry for its time to live, counted from the verification and not from the last use', () => {
    const cache = new CredentialCache(10_000, 60_000);
    cache.set('key', VERIFICATION);
    vi.advanceTimersByTime(9_000);
    expect(cache.get('key')).toEqual(VERIFICATION);
    vi.advanceTimersByTime(1_001);
    expect(cache.get('key')).toBeUndefined();
    cache.close();
  });

  it('accepts a time to live of less than a second', () => {
    const cache = new CredentialCache(500, 0);
    cache.set('key', VERIFICATION);
    vi.advanceTimersByTime(499);
    expect(cache.get('key')).toEqual(VERIFICATION);
    vi.advanceTimersByTime(2);
    expect(cache.get('key')).toBeUndefined();
    cache.close();
  });

  it('keeps nothing with a time to live of 0', () => {
    const cache = new CredentialCache(0, 60_000);
    cache.set('key', VERIFICATION);
    expect(cache.get('key')).toBeUndefined();
    cache.close();
  });

  it('drops the oldest entry when it is full', () => {
    const cache = new CredentialCache(10_000, 60_000, 20);
    const verification = { ...VERIFICATION, origins: new Set(['192.0.2.1']) };
    for (let index = 0; index < 21; index += 1) {
      cache.set(`key ${index}`, verification);
      cache.setFormer(`key ${index}`, verification);
    }
    const kept = [0, 1, 2, 20].map((index) => [
      cache.get(`key ${index}`) !== undefined,
      cache.former(`key ${index}`, '192.0.2.1') !== undefined,
    ]);
    expect(kept).toEqual([
      [false, false],
      [false, false],
      [true, true],
      [true, true],
    ]);
    cache.close();
  });

  it('keeps an entry that is set again as the youngest', () => {
    const cache = new CredentialCache(10_000, 60_000, 3);
    for (const key of ['first', 'second', 'third', 'first', 'fourth']) cache.set(key, VERIFICATION);
    const kept = ['first', 'second', 'third', 'fourth'].filter((key) => cache.get(key) !== undefined);
    expect(kept).toEqual(['first', 'third', 'fourth']);
    cache.close();
  });

  it('remembers the address of a login for the failure window longer', () => {
    const cache = new CredentialCache(10_000, 60_000);
    const verification = { ...VERIFICATION, origins: new Set(['192.0.2.1']) };
    cache.set('key', verification);
    cache.setFormer('key', verification);
    expect(cache.former('key', '192.0.2.2')).toBeUndefined();
    expect(cache.former('other', '192.0.2.1')).toBeUndefined();
    vi.advanceTimersByTime(69_999);
    expect(cache.get('key')).toBeUndefined();
    expect(cache.former('key', '192.0.2.1')).toEqual({ verification, refusedBy: undefined });
    vi.advanceTimersByTime(1);
    expect(cache.former('key', '192.0.2.1')).toBeUndefined();
    cache.close();
  });

  it('remembers the address of a login even without cached verifications, and not without a failure window', () => {
    const verification = { ...VERIFICATION, origins: new Set(['192.0.2.1']) };
    for (const [timeToLive, window, isKnown] of [
      [0, 60_000, true],
      [60_000, 0, false],
    ] as const) {
      const cache = new CredentialCache(timeToLive, window);
      cache.setFormer('key', verification);
      expect(cache.former('key', '192.0.2.1') !== undefined).toBe(isKnown);
      cache.close();
    }
  });

  it('forgets an entry that is deleted, and begins its life anew when it is set again', () => {
    const cache = new CredentialCache(10_000, 60_000);
    cache.set('key', VERIFICATION);
    cache.delete('key');
    expect(cache.get('key')).toBeUndefined();
    cache.set('key', VERIFICATION);
    vi.advanceTimersByTime(6_000);
    cache.set('key', VERIFICATION);
    vi.advanceTimersByTime(6_000);
    expect(cache.get('key')).toEqual(VERIFICATION);
    cache.close();
  });

  it('is empty and leaves no timer after close()', () => {
    const cache = new CredentialCache(10_000, 60_000);
    cache.set('key', VERIFICATION);
    cache.setFormer('key', { ...VERIFICATION, origins: new Set(['192.0.2.1']) });
    cache.close();
    expect(cache.get('key')).toBeUndefined();
    expect(cache.former('key', '192.0.2.1')).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});
