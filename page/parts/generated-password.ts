/** Letters and digits that nobody takes for one another: no 0 and O, no 1, l and I. */
const ALPHABET = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const LENGTH = 20;
/** Bytes from here on are left out: each character is as likely as any other. */
const LIMIT = 256 - (256 % ALPHABET.length);

/** A password that nobody guesses: 20 characters, 116 bits. */
export function generatePassword(): string {
  let password = '';
  while (password.length < LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(LENGTH))) {
      if (byte < LIMIT && password.length < LENGTH) password += ALPHABET[byte % ALPHABET.length];
    }
  }
  return password;
}
