import type { EventEmitter } from 'node:events';

/**
 * Keeps an error of a socket, such as a reset by the client, from ending the process. Node takes its own listener away before
 * the event `upgrade`, and an app adds one only when it opens the connection. The listener stays, because `close` follows each
 * error. For a socket that has a listener it does nothing.
 */
export function surviveErrors(socket: Partial<EventEmitter> | undefined): void {
  if (socket?.listenerCount?.('error') === 0) socket.on?.('error', ignore);
}

function ignore(): void {}
