#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

/** `npm run jobs -- <command>` */
enableCompileCache(); // before other modules are loaded, so that Node keeps their compiled code for the next run
const { runProgram } = await import('../cli/program.ts');
process.exitCode = await runProgram(process.argv.slice(2));
