export * from '../../spec/contract/index.js';
