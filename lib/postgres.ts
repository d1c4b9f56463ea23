export type { PooledClient, PostgresPool } from './stores/postgres/driver.js';
export { PostgresUserRepository } from './stores/postgres/postgres-repository.js';
export { postgresSchema } from './stores/postgres/schema.js';
export type { PostgresTable } from './stores/postgres/table-names.js';
