import { describe, expect, it } from 'vitest';
import { send } from '../support/server.js';
import { Example } from './child.js';
import { folderWithUsers } from './with-users.js';

const TWO_LINES = new URL('../../examples/two-lines.ts', import.meta.url);

/** The example prints nothing: this has it say where it listens. */
const TELL_PORT = `data:text/javascript,${encodeURIComponent(`
  import { subscribe } from 'node:diagnostics_channel';
  subscribe('tracing:net.server.listen:asyncEnd', ({ server }) => console.log('port ' + server.address().port));
`)}`;

describe('examples/two-lines.ts', () => {
  it('protects an app with the kapacitor.conf of its working folder', async () => {
    const folder = await folderWithUsers();
    const example = new Example(TWO_LINES, { cwd: folder, env: { PORT: '0' }, imports: [TELL_PORT] });
    const port = Number((await example.printed(/port (\d+)/))[1]);

    const stranger = await send(port, { path: '/kapacitor/v1/tasks' });
    expect(stranger.status).toBe(401);
    const jane = await send(port, { path: '/kapacitor/v1/tasks', auth: 'jane:janePassword' });
    expect(jane).toMatchObject({ status: 200, body: { tasks: [], for: 'jane' } });
    const herself = await send(port, { path: '/kapacitor/v1/users/jane', auth: 'jane:janePassword' });
    expect(herself).toMatchObject({ status: 200, body: { name: 'jane', permissions: ['api'] } });
  });
});
