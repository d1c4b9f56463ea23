import type { ComponentChildren } from 'preact';

/** Puts values into a text: `{name} is disabled`. A value may be an element. */
export function fill(text: string, values: Readonly<Record<string, ComponentChildren>>): ComponentChildren {
  return text.split(/\{(\w+)\}/).map((part, index) => (index % 2 === 0 ? part : values[part]));
}

/** Puts texts into a text. Each is isolated, so that a name that is written from the right turns nothing around it. */
export function fillText(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_whole, name: string) => `\u2068${values[name] ?? ''}\u2069`);
}
