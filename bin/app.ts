import { enableCompileCache } from 'node:module';

/** The CDK app: `npx cdk synth -c platform=jobs -c stage=prod -c alarmEmail=a@example.com,b@example.com`. */
enableCompileCache(); // before other modules are loaded, so that Node keeps their compiled code for the next run
const { synthesizeApp } = await import('../lib/platform/app.ts');
// A job file may have opened something when it was loaded, which would keep this process alive.
process.exit(await synthesizeApp());
