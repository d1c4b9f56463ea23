export * from '../lib/postgres.js';
