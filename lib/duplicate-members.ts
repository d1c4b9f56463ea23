/**
 * Whether an object in a JSON text has a member twice, however its name is written. `JSON.parse` keeps the last one, and another
 * reader may take the first.
 *
 * @param json a valid JSON text
 * @param value what `JSON.parse` has made of it
 */
export function hasDuplicateMembers(json: string, value: unknown): boolean {
  // Each member has a colon outside a string.
  const colons = json.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
  return colons > countMembers(value);
}

/** The members of all objects in a value, however deep it is. */
function countMembers(value: unknown): number {
  const values = [value];
  let count = 0;
  for (let each = values.pop(); each !== undefined; each = values.pop()) {
    if (typeof each !== 'object' || each === null) continue;
    const inner = Object.values(each);
    if (!Array.isArray(each)) count += inner.length;
    values.push(...inner);
  }
  return count;
}
