/** Compares two names by their UTF-8 bytes, for `sort`. (`<` compares UTF-16 units, and differs beyond the basic plane.) */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
