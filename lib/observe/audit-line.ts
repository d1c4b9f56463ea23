import { printable } from '../safe-text.js';
import { recordOf } from './audit-record.js';

/** Characters of a line, which is a little longer if it says that something was left out of it. */
const MAX_LINE = 16_384;

/**
 * An event as one line of JSON, with the time and the event first. Whatever stands in a name, a path or an id, it is
 * one line, and a terminal shows it as it is.
 */
export function auditLine(event: string, details: { readonly time: Date }): string {
  let line = `{"time":${json(details.time)},"event":${json(event)}`;
  let isWhole = true;
  for (const [name, field] of Object.entries(recordOf(details))) {
    const text = `,${json(name)}:${json(field)}`;
    if (line.length + text.length <= MAX_LINE) line += text;
    else isWhole = false;
  }
  return `${line}${isWhole ? '' : ',"truncated":true'}}\n`;
}

function json(value: unknown): string {
  return printable(JSON.stringify(value));
}
