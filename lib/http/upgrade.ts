import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HostRequest } from '../request/host.js';
import { allowOrigins, isOfThisHost } from '../request/same-origin.js';
import type { User } from '../users/user.js';
import { sendError } from './answers.js';
import type { Guard } from './guard.js';
import type { Proceed } from './guard-options.js';
import { answerRefusal } from './refusals.js';
import { surviveErrors } from './socket-errors.js';
import type { ResolvedUpgrade } from './upgrade-call.js';

/** Milliseconds for a refused client to read its answer and to close the connection. */
const LINGER = 2_000;

/**
 * Finds the user of an upgrade, and decides by its path. The guard writes each refusal to the socket, as the answer to any
 * other request. A public path does not count here: a connection belongs to a user.
 *
 * @returns undefined if the client was refused or has hung up. The connection is closed. It never rejects
 */
export function authorizeUpgrade(
  guard: Guard,
  req: HostRequest,
  socket: Duplex,
  { origins, app }: ResolvedUpgrade,
): Promise<User | undefined> {
  surviveErrors(socket);
  // Express does the same: from here on, `req.ip` is the client that the app's setting `trust proxy` finds.
  if (app !== undefined) Object.setPrototypeOf(req, app.request);
  allowOrigins(req, origins);
  const proceed: Proceed = (user) =>
    comesFromAnotherSite(req, origins)
      ? guard.deny(req, user, 'a page of another site may not open a connection')
      : guard.authorize(user, req);
  return new Promise((resolve) => {
    const leave = () => resolve(undefined);
    const answer = new UpgradeAnswer(req, socket, leave);
    if (!answer.takeSocket()) {
      socket.destroy();
      return leave();
    }
    socket.once('close', leave);
    const letThrough = () => {
      socket.off('close', leave);
      answer.giveSocketBack();
      resolve(socket.destroyed ? undefined : (req.user as User));
    };
    // No handler of an app is behind this, so the answer goes to the socket.
    guard.identify(req, answer, letThrough, proceed, {
      refuse: answerRefusal,
      sendsToSignIn: false,
    });
  });
}

/** Answers an upgrade with an error, and closes the connection. */
export function answerUpgrade(req: HostRequest, socket: Duplex, status: number, message: string): void {
  const answer = new UpgradeAnswer(req, socket, () => {});
  if (answer.takeSocket()) sendError(answer, status, message);
  else socket.destroy();
}

/** A response on the socket of an upgrade, which no server looks after any more. */
class UpgradeAnswer extends ServerResponse {
  readonly #socket: Duplex;
  readonly #onAnswer: () => void;
  readonly #hangUp = (): void => {
    this.#socket.destroy();
  };

  constructor(req: HostRequest, socket: Duplex, onAnswer: () => void) {
    super(req);
    this.#socket = socket;
    this.#onAnswer = onAnswer;
    // The answer has `Connection: close`.
    this.shouldKeepAlive = false;
    surviveErrors(this);
  }

  /** @returns false if the client has hung up, or pipelined the upgrade behind a request that has no answer yet */
  takeSocket(): boolean {
    if (this.#socket.destroyed || this.#socket.readableEnded) return false;
    try {
      this.assignSocket(this.#socket as Socket);
    } catch {
      return false;
    }
    this.#socket.once('end', this.#hangUp);
    return true;
  }

  /** Leaves the socket as it was, without an answer. */
  giveSocketBack(): void {
    this.#socket.off('end', this.#hangUp);
    this.detachSocket(this.#socket as Socket);
  }

  /** Sends the answer. Then the client has a moment to read it and to close the connection. */
  override end(...answer: readonly unknown[]): this {
    super.end(...(answer as []));
    const socket = this.#socket;
    const timer = setTimeout(this.#hangUp, LINGER).unref();
    socket.once('close', () => clearTimeout(timer));
    socket.off('end', this.#hangUp).end();
    // Data that the client still sends is dropped: otherwise its end would not be seen.
    socket.resume();
    this.#onAnswer();
    return this;
  }
}

/**
 * Whether a page of another site opens the connection. A browser adds the credentials that it has for this site, and CORS
 * does not apply to WebSockets. Browsers always send `Origin` here (RFC 6455, section 4.1), and other clients need not.
 */
function comesFromAnotherSite(req: HostRequest, origins: readonly string[]): boolean {
  const { origin } = req.headers;
  return origin !== undefined && !origins.includes(origin) && !isOfThisHost(origin, req);
}
