import { graceSeconds, type Service, serviceDescription } from './service.ts';

/**
 * The definition of a Windows service for WinSW, which stops it by Ctrl+C: a SIGINT to Node.
 * @see https://github.com/winsw/winsw/blob/v3/docs/xml-config-file.md
 */
export function winswDefinition(service: Service): string {
  const { jobNames, directory, node, words, stopTimeoutSeconds, needsQueueUrl } = service;
  const id = `JobsWorker${jobNames.join('').replace(/[^A-Za-z0-9]/g, '')}`.slice(0, 80);
  const args = ['bin/jobs.ts', 'worker', ...words].map((word) => `  <argument>${xml(word)}</argument>`);
  const queue = needsQueueUrl ? '\n  <env name="JOB_QUEUE_URL" value=""/>' : '';
  return `<!-- ${id}.xml, beside WinSW as ${id}.exe: ${id}.exe install, ${id}.exe start -->
<service>
  <id>${id}</id>
  <name>${xml(serviceDescription(service))}</name>
  <description>${xml(`Runs ${jobNames.join(', ')}: messages of an SQS queue each.`)}</description>
  <executable>${xml(node)}</executable>
${args.join('\n')}
  <workingdirectory>${xml(directory)}</workingdirectory>
  <env name="NODE_ENV" value="production"/>
  <env name="AWS_REGION" value=""/>${queue}
  <!-- Longer than the stop timeout: running jobs may finish, the others are given back. -->
  <stoptimeout>${stopTimeoutSeconds + graceSeconds} sec</stoptimeout>
  <onfailure action="restart" delay="5 sec"/>
  <serviceaccount>
    <username>NT AUTHORITY\\LocalService</username>
  </serviceaccount>
  <log mode="roll-by-size">
    <sizeThreshold>10240</sizeThreshold>
    <keepFiles>8</keepFiles>
  </log>
</service>
`;
}

function xml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
