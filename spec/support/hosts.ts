/** What serves an app that takes our middlewares. */
export const HOSTS = ['express 5', 'express 4', 'connect', 'node:http', 'socket.io'] as const;
export type HostName = (typeof HOSTS)[number];

export const MIDDLEWARES = ['auth', 'authenticate', 'requirePrivilege()', 'requireAdmin'] as const;
export type MiddlewareName = (typeof MIDDLEWARES)[number];

/** What a process with a host tells. */
export interface HostTold {
  /** Where each of the middlewares is served. */
  readonly ports?: Readonly<Record<MiddlewareName, number>>;
  /** What would have ended the process. */
  readonly uncaught?: string;
}
