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

  it('remembers for its time to live, counted from the verification and not from the last use', () => {
    const cache = new CredentialCache(10_000);
    cache.set('key', VERIFICATION);
    vi.advanceTimersByTime(9_000);
    expect(cache.get('key')).toEqual(VERIFICATION);
    vi.advanceTimersByTime(1_001);
    expect(cache.get('key')).toBeUndefined();
    cache.close();
  });

  it('takes a time to live of less than a second', () => {
    const cache = new CredentialCache(500);
    cache.set('key', VERIFICATION);
    vi.advanceTimersByTime(499);
    expect(cache.get('key')).toEqual(VERIFICATION);
    vi.advanceTimersByTime(2);
    expect(cache.get('key')).toBeUndefined();
    cache.close();
  });

  it('remembers nothing with a time to live of 0', () => {
    const cache = new CredentialCache(0);
    cache.set('key', VERIFICATION);
    expect(cache.get('key')).toBeUndefined();
    cache.close();
  });

  it('makes room for new entries when it is full, and lets the oldest go', () => {
    const cache = new CredentialCache(10_000, 20);
    for (let index = 0; index < 21; index += 1) cache.set(`key ${index}`, VERIFICATION);
    expect(cache.get('key 0')).toBeUndefined();
    expect(cache.get('key 1')).toBeUndefined();
    expect(cache.get('key 2')).toEqual(VERIFICATION);
    expect(cache.get('key 20')).toEqual(VERIFICATION);
    cache.close();
  });

  it('forgets everything and leaves no timer when it is closed', () => {
    const cache = new CredentialCache(10_000);
    cache.set('key', VERIFICATION);
    cache.close();
    expect(cache.get('key')).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});
