import { createServer, type Server } from 'node:http';
import { type KapacitorAuth, kapacitorAuth, type UserRepository } from '../../lib/index.js';
import { appBehind } from './app-behind.js';

/** An app with a permission of its own, behind the whole middleware. Nobody is throttled. */
export function openShop(store: string | UserRepository): { auth: KapacitorAuth; server: Server } {
  const auth = kapacitorAuth<string>({
    permissions: { clerk: { '/orders': ['read', 'write'] } },
    auth: { store, bcryptCost: 4, minimumPasswordLength: 0, failureLimit: 0 },
  });
  return { auth, server: createServer(appBehind(auth)) };
}
