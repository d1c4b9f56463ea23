import { parseArgs } from 'node:util';
import { measureThroughput } from './throughput.js';
import { measureUsers } from './users.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, only: { type: 'string' } },
});
const rounds = Number(values.rounds);

if (values.only !== 'users') await measureThroughput(rounds);
if (values.only !== 'throughput') await measureUsers(Math.min(rounds, 3));
