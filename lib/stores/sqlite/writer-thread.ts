import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Writer, type WriterCall } from './writer.js';

/** The program of the thread that `WriterThread` starts: a {@link Writer} that is called by messages. */
const port = parentPort as MessagePort;
const writer = new Writer(workerData);
port.on('message', (call: WriterCall | 'close') => {
  if (call !== 'close') {
    port.postMessage(writer.answer(call));
    return;
  }
  writer.close();
  port.close();
});
