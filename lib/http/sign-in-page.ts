import { hash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import type { SignInTexts } from '../sign-in-texts.js';
import { escaped, pageHeaders } from './html.js';
import { SIGN_IN_STYLE } from './sign-in-style.js';

/** The parts of the page that differ from answer to answer. */
export interface SignInView {
  /** The URL that the form is sent to, relative to the page. Undefined: there is no form. */
  readonly action: string | undefined;
  /** The path that the sign-in leads to. */
  readonly next: string;
  /** The name that was typed before. */
  readonly name?: string | undefined;
  readonly message?: SignInMessage | undefined;
  /** The form asks for a new password in place of name and password. Undefined: it does not. */
  readonly newPassword?: { readonly asksPresent: boolean } | undefined;
}

/** A sentence above the form: what went wrong, or what was done. */
interface SignInMessage {
  readonly text: string;
  readonly role: 'alert' | 'status';
}

/** The page on which a person signs in. It has no script, and loads nothing. */
export class SignInPage {
  readonly texts: SignInTexts;
  readonly #realm: string;
  readonly #style: string;
  /** The headers of each answer with the page. */
  readonly headers: OutgoingHttpHeaders;

  /** @param realm the title. Empty: the text of the button is the title */
  constructor(realm: string, texts: SignInTexts) {
    this.#realm = realm;
    this.texts = texts;
    this.#style = SIGN_IN_STYLE.replace(/\n\s*/g, '\n');
    const policy = [
      "default-src 'none'",
      `style-src 'sha256-${hash('sha256', this.#style, 'base64')}'`,
      // The empty icon keeps browsers from asking for /favicon.ico.
      'img-src data:',
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ];
    this.headers = pageHeaders(policy);
  }

  render({ action, next, name = '', message, newPassword }: SignInView): string {
    const { lang, dir, signIn } = this.texts;
    const title = escaped(this.#realm || signIn);
    const isAgain = message?.role === 'alert';
    const form = newPassword
      ? this.#newPasswordForm(next, name, newPassword.asksPresent)
      : this.#form(next, name, isAgain);
    return `<!doctype html>
<html lang="${escaped(lang)}" dir="${escaped(dir)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${this.#style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${message === undefined ? '' : `<p id="message" role="${message.role}">${escaped(message.text)}</p>\n`}${action === undefined ? '' : `<form method="post" action="${escaped(action)}">\n${form}</form>\n`}</main>
</body>
</html>
`;
  }

  /** Password managers take the name from the first field. */
  #newPasswordForm(next: string, name: string, asksPresent: boolean): string {
    const { texts } = this;
    const field = (id: string, label: string, kind: 'current' | 'new', focus = '') =>
      `<label for="${id}">${escaped(label)}</label>
<input id="${id}" name="${id}" type="password" autocomplete="${kind}-password" required aria-describedby="message"${focus}>
`;
    const [onPresent, onNew] = asksPresent ? [' autofocus', ''] : ['', ' autofocus'];
    return `<input type="hidden" name="next" value="${escaped(next)}">
<input type="hidden" name="name" value="${escaped(name)}" autocomplete="username">
${asksPresent ? field('present', texts.presentPassword, 'current', onPresent) : ''}${field('password', texts.newPassword, 'new', onNew)}${field('repeated', texts.newPasswordAgain, 'new')}<button>${escaped(texts.changePassword)}</button>
`;
  }

  #form(next: string, name: string, isAgain: boolean): string {
    const { texts } = this;
    const described = isAgain ? ' aria-describedby="message"' : '';
    // Somebody whose name is there already goes on with the password.
    const [onName, onPassword] = name === '' ? [' autofocus', ''] : ['', ' autofocus'];
    return `<input type="hidden" name="next" value="${escaped(next)}">
<label for="name">${escaped(texts.name)}</label>
<input id="name" name="name" value="${escaped(name)}" autocomplete="username" autocapitalize="none" spellcheck="false" required${onName}${described}>
<label for="password">${escaped(texts.password)}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${onPassword}${described}>
<button>${escaped(texts.signIn)}</button>
`;
  }
}

/** `Try again in 9 minutes.`, in the language of the texts. */
export function withTime(text: string, lang: string, seconds: number): string {
  const [count, unit] = seconds < 60 ? ([seconds, 'second'] as const) : ([Math.ceil(seconds / 60), 'minute'] as const);
  return text.replaceAll('{time}', () => new Intl.RelativeTimeFormat(lang).format(count, unit));
}
