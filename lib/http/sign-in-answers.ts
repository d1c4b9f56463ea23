import type { OutgoingHttpHeaders } from 'node:http';
import { ForbiddenError, InvalidUserError, type KapacitorAuthError, TryLaterError } from '../errors.js';
import { type HostRequest, type HostResponse, mountOf, wholePathOf } from '../request/host.js';
import type { SignInTexts } from '../sign-in-texts.js';
import type { User } from '../users/user.js';
import { sendHtml, sendSeeOther } from './answers.js';
import { endpointPath } from './next-path.js';
import { relativeReference } from './relative-reference.js';
import { type SignInPage, type SignInView, withTime } from './sign-in-page.js';

/** The form for a new password. */
interface NewPasswordView {
  readonly user: User;
  readonly next: string;
  /** Whether the present password is asked for as well. */
  readonly asksPresent: boolean;
  /** Undefined: nothing was typed yet. */
  readonly error?: unknown;
}

/** The answers to a person who signs in or out: the page, and the way on. */
export class SignInAnswers {
  readonly #page: SignInPage;
  readonly #apiPath: string;

  /** @param apiPath without a slash at its end; empty for the root */
  constructor(page: SignInPage, apiPath: string) {
    this.#page = page;
    this.#apiPath = apiPath;
  }

  /** The message after a sign-out. */
  get signedOut(): string {
    return this.#page.texts.signedOut;
  }

  /** The message for somebody who is signed in, and may not open the next page. */
  notAllowed(name: string): string {
    return this.#page.texts.notAllowed.replaceAll('{name}', () => name);
  }

  get texts(): SignInTexts {
    return this.#page.texts;
  }

  /** The path of the page that leads to the next one. */
  signInPath(req: HostRequest, next: string): string {
    return `${this.pathOf(req, 'sign-in')}?next=${encodeURIComponent(next)}`;
  }

  /** Shows the form for a new password, with what went wrong before. */
  showNewPassword(req: HostRequest, res: HostResponse, { user, next, asksPresent, error }: NewPasswordView): void {
    const { texts } = this.#page;
    const text =
      error === undefined ? texts.mustChange.replaceAll('{name}', () => user.name) : this.#newPasswordFault(error);
    const message = { text, role: error === undefined ? 'status' : 'alert' } as const;
    const { status = 503, headers } =
      error === undefined ? { status: 200 } : (Object(error) as Partial<KapacitorAuthError>);
    const view = {
      action: this.#actionFor(req, 'sign-in'),
      next,
      name: user.name,
      message,
      newPassword: { asksPresent },
    };
    this.#send(res, status, view, headers ?? {});
  }

  #newPasswordFault(error: unknown): string {
    const { texts } = this.#page;
    if (error instanceof InvalidUserError) {
      return error.message === texts.differ
        ? error.message
        : texts.unacceptable.replaceAll('{reason}', () => error.message);
    }
    return error instanceof ForbiddenError ? texts.wrongPresent : this.#textFor(error, Object(error).status);
  }

  /** The path of an endpoint of this package, on this host wherever the middleware is mounted. */
  pathOf(req: HostRequest, endpoint: string): string {
    return endpointPath(mountOf(req), this.#apiPath, endpoint);
  }

  /** Shows the page with its form. */
  show(req: HostRequest, res: HostResponse, view: Omit<SignInView, 'action'>, headers: OutgoingHttpHeaders = {}): void {
    this.#send(res, 200, { ...view, action: this.#actionFor(req, 'session') }, headers);
  }

  /** Shows the page again, and says what went wrong. A cookie whose session has ended is taken away. */
  refuse(req: HostRequest, res: HostResponse, error: unknown, name: string, next: string): void {
    const { status, headers } = Object(error) as { readonly status?: number; readonly headers?: OutgoingHttpHeaders };
    const text = this.#textFor(error, status);
    const view = { action: this.#actionFor(req, 'session'), next, name, message: { text, role: 'alert' } } as const;
    this.#send(res, status ?? 503, view, headers ?? {});
  }

  /** Shows a page without a form: nothing that is typed here would be safe. */
  refuseInsecure(res: HostResponse): void {
    const message = { text: this.#page.texts.insecure, role: 'alert' } as const;
    this.#send(res, 403, { action: undefined, next: '/', message });
  }

  /** Sends the browser on. */
  leadTo(res: HostResponse, path: string, headers: OutgoingHttpHeaders = {}): void {
    sendSeeOther(res, path, headers);
  }

  /** Where a form is sent to: relative to the path of the page. */
  #actionFor(req: HostRequest, endpoint: string): string {
    return relativeReference(wholePathOf(req), this.pathOf(req, endpoint));
  }

  #send(res: HostResponse, status: number, view: SignInView, headers: OutgoingHttpHeaders = {}): void {
    sendHtml(res, status, this.#page.render(view), { ...headers, ...this.#page.headers });
  }

  #textFor(error: unknown, status: number | undefined): string {
    const { texts } = this.#page;
    if (error instanceof TryLaterError) {
      return withTime(status === 429 ? texts.throttled : texts.busy, texts.lang, error.retryAfter);
    }
    const byStatus: Readonly<Record<number, keyof SignInTexts>> = { 401: 'wrong', 403: 'otherSite' };
    return texts[byStatus[status ?? 503] ?? 'unavailable'];
  }
}
