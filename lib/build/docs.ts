import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withSettings } from './settings-table.js';

/** Writes the parts of the documentation that follow from the sources. */
const page = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url));
writeFileSync(page, withSettings(readFileSync(page, 'utf8')));
