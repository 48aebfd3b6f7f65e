import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildApp } from 'fauxqs';
import { type Behaviour, keyOf } from '../aws/behaviours/behaviour.ts';
import { noHosts } from '../aws/behaviours/hosts.ts';
import { behaviours } from '../aws/behaviours/index.ts';
import { tryAll, type Verdict } from '../aws/behaviours/tryAll.ts';
import { region } from './ministack/server.ts';
import type { World } from './world.ts';

const run = promisify(execFile);

/** What each says to every behaviour: yes, it does that. */
type Opinions = ReadonlyMap<string, Verdict>;

/**
 * Tries the list of what AWS does on MiniStack and on fauxqs, as second opinions: where somebody does not do what the
 * list says of AWS, the line says who. Nothing fails by it: the list's source counts, and the laptop is held to the list
 * by `npm test`.
 */
export async function printDisagreements(world: World): Promise<void> {
  const opinions = { MiniStack: await ministack(world), fauxqs: await fauxqs() };
  console.log('\nWhere not all do what the list of behaviours says of AWS:');
  for (const behaviour of behaviours) {
    const laptop: Verdict = behaviour.unmet === undefined ? 'yes' : 'no';
    const said = Object.entries(opinions).map(([who, verdicts]) => [
      who,
      verdicts.get(keyOf(behaviour)) ?? 'not tried',
    ]);
    const verdicts = [['laptop', laptop], ...said];
    if (!verdicts.some(([, verdict]) => verdict === 'no')) continue;
    console.log(`- ${keyOf(behaviour)}: ${verdicts.map(([who, verdict]) => `${who} ${verdict}`).join(', ')}`);
  }
  for (const [who, verdicts] of Object.entries(opinions)) {
    const count = (wanted: Verdict) => [...verdicts.values()].filter((verdict) => verdict === wanted).length;
    console.log(
      `${who}: ${count('yes')} as the list says, ${count('no')} not, ${behaviours.length - count('yes') - count('no')} not tried`,
    );
  }
}

/** A process of its own, since Node.js reads the certificates that it trusts when it starts. */
async function ministack({ ministack: { endpoint, environment } }: World): Promise<Opinions> {
  const script = resolve(import.meta.dirname, '../aws/behaviours/run.ts');
  const args = [script, '--endpoint', endpoint, '--region', region, '--cloudformation', '--json'];
  const cwd = join(import.meta.dirname, '../..');
  // It ends with 1 when a row differs.
  const { stdout } = await run(process.execPath, args, {
    cwd,
    env: environment,
    timeout: 240_000,
    maxBuffer: 2 ** 26,
  }).catch((error: { stdout?: string; code?: unknown }) => {
    if (error.code !== 1 || error.stdout === undefined) throw error;
    return { stdout: error.stdout };
  });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Behaviour & { verdict: Verdict });
  return new Map(lines.map((line) => [keyOf(line), line.verdict]));
}

async function fauxqs(): Promise<Opinions> {
  const app = buildApp({ logger: false });
  try {
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
    const asked = behaviours.filter(({ service }) => ['sqs', 'sns', 's3'].includes(service));
    const verdicts = new Map<string, Verdict>();
    const all = tryAll(asked, { url, region: 'us-east-1', credentials }, noHosts, { atOnce: 32 });
    for await (const { behaviour, verdict } of all) verdicts.set(keyOf(behaviour), verdict);
    return verdicts;
  } finally {
    await app.close();
  }
}
