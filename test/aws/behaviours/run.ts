import { parseArgs } from 'node:util';
import type { Endpoint } from './aws.ts';
import { Cloud } from './cloud.ts';
import { type Hosts, noHosts } from './hosts.ts';
import { behaviours } from './index.ts';
import { tryAll, type Verdict } from './tryAll.ts';

const usage = `npm run behaviours -- [--endpoint URL] [--only SERVICE] [--region REGION] [--cloudformation] [--json]

Tries what AWS does, as the table in test/aws/behaviours has it, at an endpoint: without --endpoint at AWS itself, with
your credentials, in queues, topics, tables and buckets of its own, which it removes. --only: ${[...new Set(behaviours.map(({ service }) => service))].join(', ')}.
The rows of the mapping and of the alarms need CloudFormation, Lambda and CloudWatch: AWS has them; say
--cloudformation where an endpoint has them, too. Ends with 1 when a row fails.`;

const { values } = parseArgs({
  options: {
    endpoint: { type: 'string' },
    only: { type: 'string' },
    region: { type: 'string', default: process.env.AWS_REGION ?? 'us-east-1' },
    cloudformation: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit();
}

const asked = behaviours.filter(({ service }) => values.only === undefined || service === values.only);
if (asked.length === 0) {
  console.error(`error: there is no service ${values.only}\n\n${usage}`);
  process.exit(2);
}
// A laptop's endpoint takes any credentials, and nobody should need some for it.
const anyCredentials = { accessKeyId: 'any', secretAccessKey: 'any' };
const endpoint: Endpoint = {
  url: values.endpoint,
  region: values.region,
  ...(values.endpoint && !process.env.AWS_ACCESS_KEY_ID && { credentials: anyCredentials }),
};
const cloud =
  values.endpoint === undefined || values.cloudformation
    ? new Cloud(endpoint, values.endpoint ? { alarmWaitMs: 3_000 } : {})
    : undefined;
const hosts: Hosts = cloud ?? noHosts;

const counts: Record<Verdict, number> = { yes: 0, no: 0, 'not tried': 0 };
for await (const { behaviour, verdict, error } of tryAll(asked, endpoint, hosts, { atOnce: 16 })) {
  counts[verdict] += 1;
  if (values.json) {
    console.log(
      JSON.stringify({ service: behaviour.service, name: behaviour.name, verdict, error: error?.message }),
    );
    continue;
  }
  console.log(
    `${{ yes: 'ok       ', no: 'DIFFERS  ', 'not tried': 'not tried' }[verdict]} ${behaviour.service}: ${behaviour.name}`,
  );
  if (verdict === 'no')
    console.log(
      `          ${error?.message.replaceAll('\n', ' ').slice(0, 300)}\n          ${behaviour.source}`,
    );
}
await cloud?.remove();
if (!values.json) console.log(`\n${counts.yes} as AWS, ${counts.no} not, ${counts['not tried']} not tried`);
process.exit(counts.no > 0 ? 1 : 0);
