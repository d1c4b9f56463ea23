/** bcrypt reads no more of a password than this. */
const MAX_BYTES = 72;
/** UTF-16 units. Nothing longer can be brought into a form of 72 bytes, and to try would take its time. */
const MAX_LENGTH = 4 * MAX_BYTES;
/** RFC 7617, section 2: credentials hold no control characters (CTL of RFC 5234, appendix B.1). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;

/** What is wrong with the form of a password, or undefined. It does not repeat the password. */
export function problemOf(password: string): string | undefined {
  if (password === '') return 'password is required';
  if (!password.isWellFormed()) return 'password must be well-formed Unicode';
  if (Buffer.byteLength(password) > MAX_BYTES) return `password must be at most ${MAX_BYTES} bytes`;
  if (CONTROL_CHARACTERS.test(password)) return 'password must not contain control characters';
  return undefined;
}

/**
 * The form in which passwords are hashed, so that one is the same from every keyboard: RFC 8265, section 4.2.2
 * (OpaqueString), has every space mapped to U+0020, and NFC. Its rules of which characters there may be are not applied,
 * and what is too long to be a password is left as it is.
 */
export function opaqueString(password: string): string {
  if (password.length > MAX_LENGTH) return password;
  return password.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}

/**
 * What a password that was given at a login may be the hash of: its {@link opaqueString}, and itself as it was given,
 * which is what Kapacitor hashes. None if no user can have such a password, whatever bcrypt says.
 */
export function passwordForms(password: string): string[] {
  return [...new Set([opaqueString(password), password])].filter((form) => problemOf(form) === undefined);
}
