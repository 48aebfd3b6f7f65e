import { synthesizeInto } from '../lib/platform/synthesizeInto.ts';

/** `npm run synth [-- -c stage=prod]`; the options go to `cdk synth`. */
process.exitCode = await synthesizeInto('cdk.out', process.argv.slice(2));
