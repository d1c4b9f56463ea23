import { writeDocuments } from './documents.js';

/** Writes the tables and charts of the documentation without measuring: `npm run docs`. */
writeDocuments();
