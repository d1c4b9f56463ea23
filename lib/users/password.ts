/** bcrypt ignores every byte after these. */
const MAX_BYTES = 72;
/** UTF-16 units. A longer text has no form of 72 bytes, and normalizing it would take long. */
const MAX_LENGTH = 4 * MAX_BYTES;
/** RFC 7617, section 2: credentials hold no control characters (CTL of RFC 5234, appendix B.1). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression looks for them
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;

/** The reason why no user can have this password, or undefined. It does not repeat the password. */
export function passwordProblem(password: string): string | undefined {
  if (password === '') return 'password is required';
  if (!password.isWellFormed()) return 'password must be well-formed Unicode';
  if (Buffer.byteLength(password) > MAX_BYTES) return `password must be at most ${MAX_BYTES} bytes`;
  if (CONTROL_CHARACTERS.test(password)) return 'password must not contain control characters';
  return undefined;
}

/**
 * The form in which passwords are hashed, so that a password is the same from every keyboard. It follows RFC 8265, section
 * 4.2.2 (OpaqueString): every space becomes U+0020, then NFC applies. The RFC's set of allowed characters is not enforced.
 * A text that is too long for a password stays as it is.
 */
export function opaqueString(password: string): string {
  if (password.length > MAX_LENGTH) return password;
  return password.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}

/**
 * The forms of a login's password that the stored hash may belong to: its {@link opaqueString}, and the password as it was
 * sent, which Kapacitor hashes. Empty if no user can have such a password.
 */
export function passwordForms(password: string): string[] {
  return [...new Set([opaqueString(password), password])].filter((form) => passwordProblem(form) === undefined);
}
