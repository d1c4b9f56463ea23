import type { Format } from './format.js';
import { FORMAT_1 } from './format-1.js';
import { FORMAT_2 } from './format-2.js';
import { FORMAT_3 } from './format-3.js';
import { FORMAT_4 } from './format-4.js';

/** All formats, the first one first. */
export const FORMATS: readonly Format[] = [FORMAT_1, FORMAT_2, FORMAT_3, FORMAT_4];
