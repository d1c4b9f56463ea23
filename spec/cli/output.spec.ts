import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../lib/cli/cli-error.js';
import { writeTo } from '../../lib/cli/output.js';

/** A stream that takes nothing. */
function failing(code: string): Writable {
  const error = Object.assign(new Error(`write ${code}`), { code });
  return new Writable({ write: (_chunk, _encoding, done) => done(error) }).on('error', () => {});
}

describe('what is written', () => {
  it('may be wanted no more, which is no failure', async () => {
    await expect(writeTo(failing('EPIPE'), 'x')).rejects.toThrow(expect.objectContaining({ exitCode: EXIT.done }));
  });

  it('may not fit on the disk, which is one', async () => {
    await expect(writeTo(failing('ENOSPC'), 'x')).rejects.toThrow('cannot write the result: write ENOSPC');
  });
});
