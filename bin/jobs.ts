#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

/** `npm run jobs -- <command>` */
enableCompileCache(); // before all else is loaded: what Node makes of the files is kept for the next time
const { runProgram } = await import('../cli/program.ts');
process.exitCode = await runProgram(process.argv.slice(2));
