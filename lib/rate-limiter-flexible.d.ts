/*
 * The classes of rate-limiter-flexible that are used here, each from its own file, as its README shows. Its index loads all
 * of its stores, which takes tens of milliseconds at every start.
 */

declare module 'rate-limiter-flexible/lib/RateLimiterRes.js' {
  export { RateLimiterRes as default } from 'rate-limiter-flexible';
}

declare module 'rate-limiter-flexible/lib/RateLimiterSQLite.js' {
  export { RateLimiterSQLite as default } from 'rate-limiter-flexible';
}

declare module 'rate-limiter-flexible/lib/RateLimiterPostgres.js' {
  export { RateLimiterPostgres as default } from 'rate-limiter-flexible';
}

/**
 * The class that rate-limiter-flexible's own stores extend, as far as it is extended here. Its types declare it, but
 * leave out what a store has to bring.
 */
declare module 'rate-limiter-flexible/lib/RateLimiterStoreAbstract.js' {
  import type { RateLimiterRes } from 'rate-limiter-flexible';

  export default abstract class RateLimiterStoreAbstract<Stored> {
    constructor(options: { points: number; duration: number });
    readonly points: number;
    get(key: string): Promise<RateLimiterRes | null>;
    consume(key: string): Promise<RateLimiterRes>;
    penalty(key: string): Promise<RateLimiterRes>;
    reward(key: string): Promise<RateLimiterRes>;
    protected abstract _get(key: string): Promise<Stored | null>;
    protected abstract _upsert(key: string, points: number, milliseconds: number): Promise<Stored>;
    protected abstract _getRateLimiterRes(key: string, changedPoints: number, stored: Stored): RateLimiterRes;
  }
}
