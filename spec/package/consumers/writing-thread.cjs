const assert = require('node:assert/strict');
const threads = require('node:worker_threads');
const { basename } = require('node:path');

class Worker extends threads.Worker {
  constructor(file, options) {
    console.log('started', basename(file));
    super(file, options);
    this.on('exit', (code) => console.log('ended with', code));
  }
}
threads.Worker = Worker;

const { kapacitorAuth } = require('kapacitor-auth');

async function run() {
  const auth = kapacitorAuth({ auth: { store: 'sqlite:./writing-thread/users.db', bcryptCost: 4 } });
  await auth.users.create({ name: 'somebody', password: 'examplePassword' });
  assert.equal((await auth.users.get('somebody')).name, 'somebody');
  await auth.close();
  const kept = process.getActiveResourcesInfo().filter((resource) => /Timeout|MessagePort|Worker/.test(resource));
  console.log('kept alive by', kept);
}

run();
