/** Milliseconds for which users in memory are served while PostgreSQL is away. */
export const GRACE = 5_000;
/** Failed logins of one user from one address within a window. */
export const FAILURE_LIMIT = 10;
/** Milliseconds. Short, so that a soak sees many windows. */
export const FAILURE_WINDOW = 120_000;

/** The admin that makes all changes. */
export const ROOT = { name: 'root', password: 'the password of root' } as const;
