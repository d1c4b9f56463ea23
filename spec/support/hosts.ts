/** The hosts that can serve an app with the middlewares. */
export const HOSTS = ['express 5', 'express 4', 'connect', 'node:http', 'socket.io'] as const;
export type HostName = (typeof HOSTS)[number];

export const MIDDLEWARES = ['auth', 'authenticate', 'requirePrivilege()', 'requireAdmin'] as const;
export type MiddlewareName = (typeof MIDDLEWARES)[number];
