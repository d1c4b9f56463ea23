import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands before a server on this machine. It can hold everything back for a while, and cut its connections. Nothing is lost. */
export class HeldProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isHeld = false;

  private constructor(port: number) {
    this.#server = createServer((socket) => {
      const target = connect({ host: '127.0.0.1', port });
      for (const [one, other] of [
        [socket, target],
        [target, socket],
      ] as const) {
        this.#sockets.add(one);
        one.setNoDelay(true);
        one.on('error', () => {});
        one.on('data', (chunk) => other.write(chunk));
        one.on('end', () => other.end());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
        if (this.#isHeld) one.pause();
      }
    });
  }

  /** @param port of the server */
  static async before(port: number): Promise<HeldProxy> {
    const proxy = new HeldProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#sockets) socket.pause();
  }

  release(): void {
    this.#isHeld = false;
    for (const socket of this.#sockets) socket.resume();
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }
}
