import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { basic, send } from '../support/server.js';
import { startWithUsers } from './with-users.js';

const EXAMPLE = new URL('../../examples/websocket.ts', import.meta.url);

describe('examples/websocket.ts', () => {
  it('opens WebSockets for users who may read the path, and for nobody else', async () => {
    const { port } = await startWithUsers(EXAMPLE);
    const open = (path: string, auth?: string, headers = {}) =>
      new WebSocket(`ws://127.0.0.1:${port}${path}`, {
        headers: { ...(auth !== undefined && { Authorization: basic(auth) }), ...headers },
      });

    const jane = open('/stream', 'jane:janePassword');
    expect(String((await once(jane, 'message'))[0])).toBe('Hello, jane: this is /stream');
    jane.close();

    const refusal = async (socket: WebSocket) => {
      const [, response] = await once(socket, 'unexpected-response');
      await once(response.resume(), 'end');
      return response.statusCode;
    };
    expect(await refusal(open('/stream'))).toBe(401);
    expect(await refusal(open('/stream', 'jane:wrong'))).toBe(401);
    expect(await refusal(open('/config', 'jane:janePassword'))).toBe(403);
    expect(await refusal(open('/stream', 'jane:janePassword', { Origin: 'http://evil.example' }))).toBe(403);
    expect((await send(port, { path: '/', auth: 'jane:janePassword' })).text).toBe('Hello, jane');
  });
});
