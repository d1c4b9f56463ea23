import { io } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { basic } from '../support/server.js';
import { startWithUsers } from './with-users.js';

const EXAMPLE = new URL('../../examples/socket-io.ts', import.meta.url);

describe('examples/socket-io.ts', () => {
  it.each(['polling', 'websocket'])('lets users in, and nobody else: %s', async (transport) => {
    const { port } = await startWithUsers(EXAMPLE);
    const open = (auth?: string, headers = {}) => {
      const socket = io(`http://127.0.0.1:${port}`, {
        transports: [transport],
        reconnection: false,
        extraHeaders: { ...(auth !== undefined && { Authorization: basic(auth) }), ...headers },
      });
      onTestFinished(() => void socket.close());
      return socket;
    };
    const outcome = (socket: ReturnType<typeof io>) =>
      new Promise((resolve) => {
        socket.once('hello', resolve);
        socket.once('connect_error', () => resolve('refused'));
      });

    const jane = open('jane:janePassword');
    expect(await outcome(jane)).toBe('jane');
    expect(await jane.emitWithAck('report')).toBe('the report');
    expect(await outcome(open('sensor:sensorPassword'))).toBe('refused');
    expect(await outcome(open('jane:wrong'))).toBe('refused');
    expect(await outcome(open())).toBe('refused');
    expect(await outcome(open('jane:janePassword', { Origin: 'http://evil.example' }))).toBe('refused');
  });
});
