export * from '../postgres.js';
