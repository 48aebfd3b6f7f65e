import './cases/route.ts';
import './cases/failures.ts';
import './cases/once.ts';
import './cases/tracked.ts';
import './cases/permissions.ts';
import './cases/runtimeClient.ts';
import './cases/changes.ts'; // the last: it destroys the platform in the end
import { runChecks } from './checks.ts';
import { gaps } from './ministack/gaps.ts';
import { PyPiUnreachableError } from './ministack/install.ts';
import { printDisagreements } from './opinions.ts';
import { enter, World } from './world.ts';

/**
 * `npm run conformance`: deploys the platform by plain `cdk` to MiniStack, an AWS that nobody here wrote, uses it by boto3
 * and by the CLI, and asks MiniStack and fauxqs for a second opinion on what AWS does. Ends with 1 when a check fails, and
 * with 0 where MiniStack cannot be had.
 */
async function conformance(): Promise<void> {
  console.log('What MiniStack 1.5.33 lacks, and what is done about it:');
  for (const { lacks, so } of gaps) console.log(`- ${lacks} ${so}`);
  const world = await World.create();
  console.log('\nDeployed by cdk.\n');
  enter(world);
  const { passed, failed } = await runChecks({ timeoutMs: 150_000, only: process.argv[2] ?? '' });
  if (process.argv[2] === undefined) await printDisagreements(world);
  console.log(`\nconformance: ${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

// What was started ends with this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
try {
  await conformance();
} catch (error) {
  if (!(error instanceof PyPiUnreachableError)) throw error;
  console.log(`conformance: not run, as ${error.message}`);
}
process.exit(); // which ends MiniStack, too
