#!/usr/bin/env node
import { main } from './main.js';

void main(process.argv, process, process.env).then((exitCode) => {
  process.exitCode = exitCode;
});
