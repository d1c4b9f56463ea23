export * from '../stores/contract/index.js';
