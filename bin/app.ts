import { enableCompileCache } from 'node:module';

/** The CDK app: `npx cdk synth -c platform=jobs -c stage=prod -c alarmEmail=a@example.com,b@example.com`. */
enableCompileCache(); // before all else is loaded: what Node makes of the files is kept for the next time
const { synthesizeApp } = await import('../lib/platform/app.ts');
// At once: a job file may have opened something on import, which would keep this process alive.
process.exit(await synthesizeApp());
