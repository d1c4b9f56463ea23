import { type AuthConfig, type HttpConfig, type KapacitorAuthConfig, kapacitorAuth } from 'kapacitor-auth';
import { claim, type Same } from './claims.js';

kapacitorAuth();
kapacitorAuth('kapacitor.conf');
kapacitorAuth('kapacitor.conf', { auth: { store: 'memory:' } });
kapacitorAuth({
  http: { authEnabled: true },
  auth: { bcryptCost: 12, cacheExpiration: '1h', store: 'sqlite:./users.db' },
});
kapacitorAuth({ http: { queryCredentials: true, realm: 'Reports' }, auth: { enabled: true, cacheExpiration: 500 } });

/** Values from the environment are often `string | undefined`. Undefined is the same as absent. */
const store: string | undefined = process.env['STORE'];
kapacitorAuth({ http: undefined, auth: { store, enabled: undefined } });

kapacitorAuth({ http: { allowedHosts: ['localhost', '.example.com'] } });
kapacitorAuth({ http: { sharedSecret: process.env['SHARED_SECRET'] } });
kapacitorAuth({ http: { sharedSecretFile: '/run/secrets/shared-secret' } });
kapacitorAuth({ auth: { minimumPasswordLength: 12, refusedPasswords: 'refused.txt' } });
kapacitorAuth({ auth: { refusedPasswords: new Set(['password']) } });
kapacitorAuth({ auth: { refusedPasswords: async (password) => password.startsWith('password') } });
kapacitorAuth({ auth: { failureLimit: 5, failureWindow: '1h', hashingConcurrency: 2, hashingQueue: 64 } });

kapacitorAuth({ auth: { admin: { name: 'root', password: 'correct horse' }, auditLog: 'audit.jsonl' } });
kapacitorAuth({ auth: { admin: { name: 'root', passwordFile: '/run/secrets/admin' } } });
kapacitorAuth({ auth: { admin: { name: 'root', password: process.env['ADMIN_PASSWORD'] } } });
kapacitorAuth('kapacitor.conf', { auth: { admin: { name: 'root' } } });

// @ts-expect-error a section is misspelt
kapacitorAuth({ https: { authEnabled: true } });
// @ts-expect-error an option is written as the file has it
kapacitorAuth({ http: { 'auth-enabled': true } });
// @ts-expect-error an option is in the wrong section
kapacitorAuth({ auth: { authEnabled: true } });
// @ts-expect-error an option is not known
kapacitorAuth('kapacitor.conf', { auth: { bcryptCosts: 12 } });
// @ts-expect-error a switch is no text
kapacitorAuth({ http: { authEnabled: 'true' } });
// @ts-expect-error a secret is a text
kapacitorAuth({ http: { sharedSecret: Buffer.from('secret') } });
// @ts-expect-error hosts are a list
kapacitorAuth({ http: { allowedHosts: 'localhost' } });
// @ts-expect-error a cost is a number
kapacitorAuth({ auth: { bcryptCost: '12' } });
// @ts-expect-error a duration is a text or a number of milliseconds
kapacitorAuth({ auth: { cacheExpiration: { hours: 1 } } });
// @ts-expect-error a function says whether a password is refused, not how often it was breached
kapacitorAuth({ auth: { refusedPasswords: (password: string) => password.length } });
// @ts-expect-error a limit is a number
kapacitorAuth({ auth: { failureLimit: '5' } });
// @ts-expect-error a password is given once
kapacitorAuth({ auth: { admin: { name: 'root', password: 'correct horse', passwordFile: '/run/secrets/admin' } } });
// @ts-expect-error an admin is no user of another type
kapacitorAuth({ auth: { admin: { name: 'root', password: 'correct horse', type: 'admin' } } });
// @ts-expect-error the path of a file
kapacitorAuth({ auth: { auditLog: true } });
// @ts-expect-error a map is no repository
kapacitorAuth({ auth: { store: new Map() } });

const http: HttpConfig = { authEnabled: false };
const auth: AuthConfig = { enabled: false };
const config: KapacitorAuthConfig = { http, auth };
const { config: resolved } = kapacitorAuth(config);
claim<Same<typeof resolved.http.authEnabled, boolean>>();
claim<Same<typeof resolved.http.bindAddress.host, string | undefined>>();
claim<Same<typeof resolved.http.allowedHosts, readonly string[] | undefined>>();
claim<Same<typeof resolved.auth.cacheExpiration, number>>();
claim<Same<typeof resolved.auth.admin, { readonly name: string } | undefined>>();
claim<Same<typeof resolved.auth.auditLog, string | undefined>>();
// @ts-expect-error what was resolved stays
resolved.auth.bcryptCost = 4;
