/** The words of the sign-in page. `http.sessions.texts` replaces them, all or some. */
export interface SignInTexts {
  /** The language of the texts (BCP 47), such as `de` or `pt-BR`. Defaults to `en`. */
  readonly lang: string;
  /** The direction of the texts: `ltr` or `rtl`. Defaults to `ltr`. */
  readonly dir: string;
  readonly name: string;
  readonly password: string;
  readonly signIn: string;
  /** For an unknown name, a wrong password and a disabled user alike. */
  readonly wrong: string;
  /** 429. `{time}` becomes `in 9 minutes`, in the language of `lang`. */
  readonly throttled: string;
  /** 503, because too many passwords wait to be verified. `{time}` as in `throttled`. */
  readonly busy: string;
  /** 503, because the store is unavailable. */
  readonly unavailable: string;
  /** 403, because a page of another site sent the form. */
  readonly otherSite: string;
  /** 403, because the connection is neither HTTPS nor one to localhost. */
  readonly insecure: string;
  readonly signedOut: string;
  /** For somebody who is signed in, and may not open the page that the sign-in would lead to. `{name}` becomes the user's name. */
  readonly notAllowed: string;
  /** Above the form for a new password. `{name}` becomes the user's name. */
  readonly mustChange: string;
  /** Asked for if the sign-in was a while ago. */
  readonly presentPassword: string;
  readonly newPassword: string;
  readonly newPasswordAgain: string;
  readonly changePassword: string;
  /** The new password was typed in two ways. */
  readonly differ: string;
  /** The present password is wrong. */
  readonly wrongPresent: string;
  /** `{reason}` becomes the rule that the new password does not follow, in English. */
  readonly unacceptable: string;
}

export const SIGN_IN_TEXTS: SignInTexts = Object.freeze({
  lang: 'en',
  dir: 'ltr',
  name: 'Name',
  password: 'Password',
  signIn: 'Sign in',
  wrong: 'The name or the password is wrong.',
  throttled: 'Too many attempts have failed. Try again {time}.',
  busy: 'Too many people are signing in. Try again {time}.',
  unavailable: 'Signing in is not possible at the moment. Try again later.',
  otherSite: 'The form did not come from this page. Please try again.',
  insecure:
    'Signing in needs HTTPS, so that nobody can read the password on its way. Open this page with https://. If you have, the server does not trust its proxy yet.',
  signedOut: 'You are signed out.',
  notAllowed: 'You are signed in as {name}, who may not open this page. Somebody else can sign in here.',
  mustChange: 'Choose a new password, {name}, before you go on.',
  presentPassword: 'Present password',
  newPassword: 'New password',
  newPasswordAgain: 'New password again',
  changePassword: 'Change password',
  differ: 'The two new passwords differ.',
  wrongPresent: 'The present password is wrong.',
  unacceptable: 'Choose another password: {reason}.',
});
