import { writeFileSync } from 'node:fs';
import { documentsOf, ROOT } from './documents.js';
import { readResults } from './results.js';

/** Writes the tables and charts of the documentation anew from the stored results. */
for (const [path, text] of documentsOf(readResults())) writeFileSync(new URL(path, ROOT), text);
