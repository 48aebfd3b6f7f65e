import { enableCompileCache } from 'node:module';

/** `npm start [-- options]`; `npm start -- --help` lists the options. */
enableCompileCache(); // before other modules are loaded, so that Node keeps their compiled code for the next run
const { runProgram } = await import('../local/platform/program.ts');
process.exitCode = await runProgram(process.argv.slice(2));
