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

const { kapacitorAuth, SqliteUserRepository } = require('kapacitor-auth');

async function run() {
  const repository = new SqliteUserRepository('writing-thread/users.db');
  const auth = kapacitorAuth({ auth: { store: repository, bcryptCost: 4 } });
  await auth.users.create({ name: 'somebody', password: 'examplePassword' });
  assert.equal((await auth.users.get('somebody')).name, 'somebody');
  await auth.close();
}

run();
