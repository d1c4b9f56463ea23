import assert from 'node:assert/strict';
import * as contract from 'kapacitor-auth/contract';

const functions = Object.values(contract).filter((exported) => typeof exported === 'function');
assert.equal(functions.length, 1);
console.log(functions[0].name);
