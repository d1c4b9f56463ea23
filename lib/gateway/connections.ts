import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of a server, which outlast `server.close()` if they are WebSockets or wait for an answer. */
export class Connections {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isDraining = false;

  constructor(server: Server) {
    this.#server = server;
    // The connection below TLS, and below a WebSocket. Its end is theirs.
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (_req, res: ServerResponse) => {
      res.once('close', () => {
        // A connection that was busy when the server was closed stays open for the client's next request.
        if (this.#isDraining) setImmediate(() => server.closeIdleConnections());
      });
    });
  }

  /**
   * Accepts no more connections, and resolves when the last one has ended.
   *
   * @param patience milliseconds until the connections that are left are cut
   */
  async drain(patience: number): Promise<void> {
    this.#isDraining = true;
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, patience);
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    clearTimeout(timer);
  }
}
