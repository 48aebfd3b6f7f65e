import { runDemo } from '../local/demo/demo.ts';

/** `npm run demo` */
process.exitCode = await runDemo({
  projectDirectory: process.cwd(),
  stateDirectory: '.local',
  output: process.stdout,
  speed: 60,
  timeoutMs: 60_000,
});
