import type { PlatformSnapshot } from './view.ts';

/** What `npm start` says when it is ready: how to publish, and where everything is. */
export function greeting(platform: PlatformSnapshot): string {
  const { endpoint, region, speed, topicArn, jobs, consoleUrl, apiUrl } = platform;
  const pace = speed === 1 ? '' : `, time runs ${speed} times as fast`;
  const names = jobs.map(({ name }) => name);
  return [
    '',
    ...(names.length === 0 ? [firstJob] : publishing(platform, names)),
    '',
    `Serving ${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'}${names.length === 0 ? '' : `: ${names.join(', ')}`}`,
    `  endpoint   ${endpoint} (region ${region}, any credentials)${pace}`,
    `  topic      ${topicArn ?? 'none'}`,
    ...(apiUrl === undefined ? [] : [`  API        ${apiUrl} (upload a file: ${apiUrl}/pages/upload)`]),
    ...(consoleUrl === undefined ? [] : [`  console    ${consoleUrl}`]),
    'Edits in src/, lib/ and bin/ are applied as you save. Ctrl-C stops.',
    '',
  ].join('\n');
}

const firstJob =
  'There is no job to publish to yet: add a file to src/jobs, as README.md shows, and it runs as you save.';

function publishing(
  { endpoint, region, topicArn }: PlatformSnapshot,
  [first = '', ...others]: readonly string[],
): string[] {
  const isSampleThere = [first, ...others].includes('GreetingJob');
  const example = isSampleThere ? `GreetingJob '{"friendName":"Hank"}'` : `${first} '{ … }'`;
  const credentials = 'AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x';
  return [
    'Publish with',
    `  npm run jobs -- publish ${example}`,
    'or any AWS SDK, or the AWS CLI (version 1 needs --endpoint-url besides), after',
    // Python's SDK and the CLI know AWS_DEFAULT_REGION, the others AWS_REGION.
    `  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region} AWS_DEFAULT_REGION=${region} ${credentials} TOPIC_ARN=${topicArn}`,
  ];
}
