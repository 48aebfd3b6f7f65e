import { enableCompileCache } from 'node:module';

/** `npm start [-- options]`; `npm start -- --help` lists the options. */
enableCompileCache(); // before all else is loaded: what Node makes of the files is kept for the next time
const { runProgram } = await import('../local/platform/program.ts');
process.exitCode = await runProgram(process.argv.slice(2));
