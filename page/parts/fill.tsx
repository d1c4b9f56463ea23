import type { ComponentChildren } from 'preact';

/** Puts values into a text: `{name} is disabled`. A value may be an element. */
export function fill(text: string, values: Readonly<Record<string, ComponentChildren>>): ComponentChildren {
  return text.split(/\{(\w+)\}/).map((part, index) => (index % 2 === 0 ? part : values[part]));
}
