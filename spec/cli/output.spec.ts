import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../lib/cli/exit-codes.js';
import { writeTo } from '../../lib/cli/output.js';
import { questionStream, type Streams } from '../../lib/cli/streams.js';

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

describe('a question', () => {
  const streams = (stdin: boolean, stdout: boolean, stderr: boolean) =>
    ({ stdin: { isTTY: stdin }, stdout: { isTTY: stdout }, stderr: { isTTY: stderr } }) as Streams;

  it('is put where it is seen, and best beside the result', () => {
    const everywhere = streams(true, true, true);
    expect(questionStream(everywhere)).toBe(everywhere.stderr);
    const logged = streams(true, true, false);
    expect(questionStream(logged)).toBe(logged.stdout);
    expect(questionStream(streams(true, false, false))).toBeUndefined();
    expect(questionStream(streams(false, true, true))).toBeUndefined();
  });
});
