import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../lib/cli/cli-error.js';
import { writeTo } from '../../lib/cli/output.js';

/** A stream that takes nothing. */
function failing(code: string): Writable {
  const error = Object.assign(new Error(`write ${code}`), { code });
  return new Writable({ write: (_chunk, _encoding, done) => done(error) }).on('error', () => {});
}

describe('output', () => {
  it('ends quietly if its reader closes it', async () => {
    await expect(writeTo(failing('EPIPE'), 'x')).rejects.toThrow(expect.objectContaining({ exitCode: EXIT.done }));
  });

  it('is an error if the disk is full', async () => {
    await expect(writeTo(failing('ENOSPC'), 'x')).rejects.toThrow('cannot write the result: write ENOSPC');
  });
});
