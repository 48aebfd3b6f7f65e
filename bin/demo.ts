import { enableCompileCache } from 'node:module';

/** `npm run demo` */
enableCompileCache(); // before other modules are loaded, so that Node keeps their compiled code for the next run
const { runDemo } = await import('../local/demo/demo.ts');
process.exitCode = await runDemo({
  projectDirectory: process.cwd(),
  stateDirectory: '.local',
  output: process.stdout,
  speed: 60,
  timeoutMs: 60_000,
});
