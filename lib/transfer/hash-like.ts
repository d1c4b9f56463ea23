/** What bcrypt makes, cut off or not, and what crypt(3) makes of other methods. */
const HASH_LIKE = /\$(?:2[a-z]?|apr1|[1567y])\$[./A-Za-z0-9$]+/gi;

/** A text without what looks like a hash: it may stand where a name should, and nobody is to read it. */
export function withoutHashes(text: string): string {
  return text.replace(HASH_LIKE, '(a hash)');
}
