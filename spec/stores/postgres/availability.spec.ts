import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Availability } from '../../../lib/stores/postgres/availability.js';

const clock = vi.hoisted(() => ({ time: 0 }));
vi.mock('../../../lib/clock.js', () => ({ now: () => clock.time }));

beforeEach(() => {
  clock.time = 100_000;
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
});

/** Moves the clock and the timers. */
function pass(milliseconds: number): void {
  clock.time += milliseconds;
  vi.advanceTimersByTime(milliseconds);
}

/** An availability, and all that it has reported. */
function createAvailability(grace = 60_000) {
  const told: (readonly [state: string, reason?: string])[] = [];
  const report = (state: string, reason?: string) => void told.push(reason === undefined ? [state] : [state, reason]);
  const availability = new Availability();
  availability.addSettings({ grace, report });
  onTestFinished(() => availability.close());
  return { availability, told };
}

const NO_FEED = new Error('no feed');
const NO_ANSWER = new Error('no answer');

describe('a database', () => {
  it('is up while notifications arrive', () => {
    const { availability, told } = createAvailability();
    availability.listening(clock.time);
    expect(told).toEqual([['up']]);
    expect(availability).toMatchObject({ isListening: true, isUnavailable: false, interruptions: 0 });
  });

  it('is degraded while it answers and no notifications arrive', () => {
    const { availability, told } = createAvailability();
    availability.listening(clock.time);
    availability.notListening(NO_FEED);
    availability.succeeded(clock.time);
    expect(told).toEqual([['up'], ['degraded', 'no feed']]);
    expect(availability).toMatchObject({ isListening: false, isUnavailable: false, interruptions: 1 });
  });

  it('is degraded while notifications arrive and it does not answer', () => {
    const { availability, told } = createAvailability();
    availability.listening(clock.time);
    availability.failed(NO_ANSWER, clock.time);
    expect(told.at(-1)).toEqual(['degraded', 'no answer']);
    expect(availability).toMatchObject({ failure: NO_ANSWER, isUnavailable: false });
    availability.listening(clock.time);
    expect(told.at(-1)).toEqual(['degraded', 'no answer']);
    availability.succeeded(clock.time);
    expect(told.at(-1)).toEqual(['up']);
  });

  it('is in grace while neither works, until the grace ends', () => {
    const { availability, told } = createAvailability();
    availability.listening(clock.time);
    pass(10_000);
    availability.notListening(NO_FEED);
    availability.failed(NO_ANSWER, clock.time);
    expect(told.at(-1)).toEqual(['grace', 'no answer']);
    expect(availability.isUnavailable).toBe(true);
    pass(49_999);
    expect(told.at(-1)).toEqual(['grace', 'no answer']);
    pass(5);
    expect(told.at(-1)).toEqual(['down', 'no answer']);
    availability.failed(NO_ANSWER, clock.time);
    expect(told.at(-1)).toEqual(['down', 'no answer']);
  });

  it('has its grace from the latest answered question, in any order of the answers', () => {
    const { availability, told } = createAvailability();
    availability.succeeded(clock.time);
    availability.succeeded(clock.time - 50_000);
    availability.notListening(NO_FEED);
    availability.failed(NO_ANSWER, clock.time);
    pass(59_999);
    expect(told.at(-1)).toEqual(['grace', 'no answer']);
    pass(5);
    expect(told.at(-1)).toEqual(['down', 'no answer']);
  });

  it('is down at once without a grace, and if it has never answered', () => {
    for (const [grace, hasAnswered] of [
      [0, true],
      [60_000, false],
    ] as const) {
      const { availability, told } = createAvailability(grace);
      if (hasAnswered) availability.succeeded(clock.time);
      availability.notListening(NO_FEED);
      availability.failed(NO_ANSWER, clock.time);
      expect(told.at(-1)).toEqual(['down', 'no answer']);
    }
  });

  it('is up again when it answers and notifications arrive, and stays so after the end of the grace', () => {
    const { availability, told } = createAvailability();
    availability.succeeded(clock.time);
    availability.notListening(NO_FEED);
    availability.failed(NO_ANSWER, clock.time);
    pass(30_000);
    availability.succeeded(clock.time);
    expect(told.at(-1)).toEqual(['degraded', 'no feed']);
    availability.listening(clock.time);
    expect(told.at(-1)).toEqual(['up']);
    const count = told.length;
    pass(60_000);
    expect(told).toHaveLength(count);
  });

  it('may have a grace that is longer than any timer', () => {
    const { availability, told } = createAvailability(2 ** 32);
    availability.succeeded(clock.time);
    availability.notListening(NO_FEED);
    availability.failed(NO_ANSWER, clock.time);
    pass(5);
    expect(told).not.toContainEqual(['down', 'no answer']);
    pass(2 ** 31 - 1);
    expect(told.at(-1)).toEqual(['grace', 'no answer']);
    pass(2 ** 31 + 5);
    expect(told.at(-1)).toEqual(['down', 'no answer']);
  });

  it('has the shortest grace of its users, and reports to each of them', () => {
    const availability = new Availability();
    onTestFinished(() => availability.close());
    const reports: string[] = [];
    for (const grace of [60_000, 10_000, 30_000]) {
      availability.addSettings({ grace, report: (state) => reports.push(`${grace}: ${state}`) });
    }
    expect(availability.grace).toBe(10_000);
    availability.succeeded(clock.time);
    availability.notListening(NO_FEED);
    availability.failed(NO_ANSWER, clock.time);
    expect(reports.slice(-3)).toEqual(['60000: grace', '10000: grace', '30000: grace']);
    pass(10_005);
    expect(reports.slice(-3)).toEqual(['60000: down', '10000: down', '30000: down']);
  });

  it('tells since when listening has not been interrupted', () => {
    const { availability } = createAvailability();
    expect(availability.hasListenedSince(clock.time)).toBe(false);
    availability.listening(clock.time);
    pass(50);
    availability.listening(clock.time);
    expect(availability.hasListenedSince(clock.time - 50)).toBe(true);
    expect(availability.hasListenedSince(clock.time - 51)).toBe(false);
    availability.notListening(NO_FEED);
    expect(availability.hasListenedSince(clock.time)).toBe(false);
    availability.listening(clock.time);
    expect(availability.hasListenedSince(clock.time)).toBe(true);
    expect(availability.hasListenedSince(clock.time - 1)).toBe(false);
  });

  it('counts interruptions of listening', () => {
    const { availability } = createAvailability();
    availability.notListening(NO_FEED);
    availability.listening(clock.time);
    availability.notListening(NO_FEED);
    expect(availability.interruptions).toBe(2);
  });

  it('reports nothing, and leaves no timer, after it is closed', () => {
    const { availability, told } = createAvailability();
    availability.succeeded(clock.time);
    availability.notListening(NO_FEED);
    availability.failed(NO_ANSWER, clock.time);
    expect(vi.getTimerCount()).toBe(1);
    availability.close();
    expect(vi.getTimerCount()).toBe(0);
    const count = told.length;
    availability.failed(NO_ANSWER, clock.time);
    expect(vi.getTimerCount()).toBe(0);
    pass(60_000);
    expect(told).toHaveLength(count);
  });
});

describe('a failed answer', () => {
  it('does not count if a later question was answered meanwhile', () => {
    const { availability, told } = createAvailability();
    const askedAt = clock.time;
    pass(500);
    availability.succeeded(clock.time);
    pass(500);
    availability.failed(NO_ANSWER, askedAt);
    expect(availability.failure).toBeUndefined();
    expect(told).toEqual([]);
  });

  it.each([
    ['no connection', { code: 'ECONNREFUSED' }, 'grace'],
    ['a broken pipe', { code: 'EPIPE' }, 'grace'],
    ['no answer in time', {}, 'grace'],
    ['a statement that takes too long', { code: '57014' }, 'grace'],
    ['a server that stops', { code: '57P01' }, 'grace'],
    ['too many connections', { code: '53300' }, 'grace'],
    ['no connection, in the words of SQL', { code: '08006' }, 'grace'],
    ['a disk that fails', { code: '58030' }, 'grace'],
    ['a lock that is not to be had', { code: '55P03' }, 'grace'],
    ['a table that is damaged', { code: 'XX001' }, 'down'],
    ['no table', { code: '42P01' }, 'down'],
    ['no right', { code: '42501' }, 'down'],
    ['a role that may not log in', { code: '28000' }, 'down'],
    ['no database', { code: '3D000' }, 'down'],
  ])(
    'counts as an outage, in which users in memory are served, unless it is a refusal: %s',
    (message, details, expected) => {
      const { availability, told } = createAvailability();
      availability.succeeded(clock.time);
      availability.notListening(NO_FEED);
      availability.failed(Object.assign(new Error(message), details), clock.time);
      expect(told.at(-1)).toEqual([expected, message]);
      expect(availability.isInGrace(clock.time, clock.time)).toBe(expected === 'grace');
    },
  );
});

describe('a user in memory', () => {
  it('is served for the grace after its confirmation while the database does not answer', () => {
    const { availability } = createAvailability(60_000);
    const confirmedAt = clock.time;
    availability.succeeded(confirmedAt);
    expect(availability.isInGrace(confirmedAt, clock.time)).toBe(false);
    availability.failed(NO_ANSWER, clock.time);
    expect(availability.isInGrace(confirmedAt, confirmedAt + 59_999)).toBe(true);
    expect(availability.isInGrace(confirmedAt, confirmedAt + 60_000)).toBe(false);
  });

  it('is not served without a grace', () => {
    const { availability } = createAvailability(0);
    availability.failed(NO_ANSWER, clock.time);
    expect(availability.isInGrace(clock.time, clock.time)).toBe(false);
  });

  it.each([
    ['others', 'succeeded'],
    ['the connection that listens', 'listening'],
  ] as const)('is not served if the database has answered %s for long without confirming it', (_, answer) => {
    const { availability } = createAvailability(60_000);
    const confirmedAt = clock.time;
    pass(3_999);
    availability[answer](clock.time);
    availability.failed(NO_ANSWER, clock.time);
    expect(availability.isInGrace(confirmedAt, clock.time)).toBe(true);
    pass(1);
    availability[answer](clock.time);
    availability.failed(NO_ANSWER, clock.time);
    expect(availability.isInGrace(confirmedAt, clock.time)).toBe(false);
  });
});
