import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** One connection through the proxy, mute for good once it is. */
interface Passage {
  isMute: boolean;
}

/** Stands between, and can go mute: as a network that loses everything and tells neither side. */
export class MuteProxy {
  readonly #target: URL;
  readonly #server: Server;
  readonly #passages = new Set<Passage>();
  readonly #sockets = new Set<Socket>();
  #isMute = false;

  private constructor(target: URL) {
    this.#target = target;
    // A goodbye is lost as well.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** Before the server that a URL names, until the test is over. */
  static async before(url: string): Promise<MuteProxy> {
    const proxy = new MuteProxy(new URL(url));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => proxy.#close());
    return proxy;
  }

  /** Leads through the proxy. */
  get url(): string {
    const url = new URL(this.#target);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /** Swallows what comes from now on, also of connections that are made now. None is closed. */
  mute(): void {
    this.#isMute = true;
    for (const passage of this.#passages) passage.isMute = true;
  }

  /** Lets connections through that are made from now on. The others stay mute. */
  passOnNew(): void {
    this.#isMute = false;
  }

  #accept(socket: Socket): void {
    this.#keep(socket);
    const passage: Passage = { isMute: this.#isMute };
    if (passage.isMute) {
      socket.resume();
      return;
    }
    this.#passages.add(passage);
    const target = dial({ host: this.#target.hostname, port: Number(this.#target.port), allowHalfOpen: true });
    this.#keep(target);
    for (const [from, to] of [
      [socket, target],
      [target, socket],
    ] as const) {
      from.on('data', (chunk) => passage.isMute || to.write(chunk));
      from.on('end', () => passage.isMute || to.end());
      from.on('close', () => passage.isMute || to.destroy());
    }
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async #close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
