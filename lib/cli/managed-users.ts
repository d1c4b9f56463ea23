import type { UserService } from '../users/user-service.js';

/** Users that can be managed: those of a store, or those of a server behind its users API. */
export type ManagedUsers = Pick<UserService, 'get' | 'list' | 'create' | 'update' | 'delete'>;
