export type { PooledClient, PostgresPool } from './stores/postgres/driver.js';
export { PostgresUserRepository } from './stores/postgres/postgres-repository.js';
export { type PostgresTable, postgresSchema } from './stores/postgres/schema.js';
