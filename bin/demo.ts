import { enableCompileCache } from 'node:module';

/** `npm run demo` */
enableCompileCache(); // before all else is loaded: what Node makes of the files is kept for the next time
const { runDemo } = await import('../local/demo/demo.ts');
process.exitCode = await runDemo({
  projectDirectory: process.cwd(),
  stateDirectory: '.local',
  output: process.stdout,
  speed: 60,
  timeoutMs: 60_000,
});
