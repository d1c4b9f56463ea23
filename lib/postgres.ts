export type { PooledClient, PostgresPool } from './users/repositories/postgres/driver.js';
export { postgresSchema } from './users/repositories/postgres/schema.js';
export type { PostgresTable } from './users/repositories/postgres/table.js';
export { PostgresUserRepository } from './users/repositories/postgres.js';
