import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Writer, type WriterCall } from './writer.js';

/** The program that `WriterThread` starts: each message to the thread is a call of a {@link Writer}. */
const port = parentPort as MessagePort;
const writer = new Writer(workerData);
port.on('message', (call: WriterCall | 'close') => {
  if (call !== 'close') {
    port.postMessage(writer.answer(call));
    return;
  }
  writer.close();
  // The thread ends, because nothing else keeps it alive. In Deno this port has no close().
  port.unref();
});
