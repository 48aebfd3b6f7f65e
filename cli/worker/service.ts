import { fileURLToPath } from 'node:url';
import { stopTimeoutMsOf, workerDefaults } from '../../src/worker/settings.ts';
import { CommandError } from '../outcome.ts';
import { workerQueues } from './queues.ts';
import type { Settings, WorkerCommandOptions } from './settings.ts';

/** A worker as a service of the operating system. */
export interface Service {
  readonly jobNames: readonly string[];
  /** The words after `worker`, with the job names. */
  readonly words: readonly string[];
  /** The directory of this repository on the machine that will run it. */
  readonly directory: string;
  /** The path of Node 24's executable. */
  readonly node: string;
  readonly stopTimeoutSeconds: number;
  /** Whether the queue's URL has to come from the environment. */
  readonly needsQueueUrl: boolean;
}

/** This checkout and this Node. Somebody who installs the service on another machine changes these paths. */
const here = {
  directory: fileURLToPath(new URL('../../', import.meta.url)).replace(/[/\\]$/, ''),
  node: process.execPath,
} as const;

export async function serviceOf(
  jobNames: readonly string[],
  options: WorkerCommandOptions,
  { queueUrls, environment }: Settings,
): Promise<Service> {
  if (options.printSystemd && options.printWinsw) {
    throw new CommandError('--print-systemd and --print-winsw: give one of them');
  }
  const {
    concurrency,
    stopTimeout = workerDefaults.stopTimeout,
    healthPort,
    healthHost,
    stack,
    force,
  } = options;
  const needsQueueUrl = stack === undefined && queueUrls.all === undefined && queueUrls.byJob.size === 0;
  if (needsQueueUrl && jobNames.length > 1) {
    throw new CommandError(
      'a service of several jobs needs their queues: give --stack NAME or --queue-url Job=URL',
    );
  }
  const queues = needsQueueUrl ? undefined : await workerQueues(jobNames, queueUrls, stack);
  const urls = [...(queues?.byJob ?? [])].map(([name, { queueUrl }]) => `${name}=${queueUrl}`);
  const given = { '--concurrency': concurrency, '--stop-timeout': environment.JOB_STOP_TIMEOUT };
  const health = { '--health-port': healthPort, '--health-host': healthHost };
  const words = Object.entries({ ...given, ...health }).flatMap(([option, value]) =>
    value === undefined ? [] : [option, value],
  );
  return {
    ...here,
    jobNames,
    words: [
      ...jobNames,
      ...urls.flatMap((url) => ['--queue-url', url]),
      ...words,
      ...(force ? ['--force'] : []),
    ],
    stopTimeoutSeconds: stopTimeoutMsOf(stopTimeout, '--stop-timeout') / 1000,
    needsQueueUrl,
  };
}

/** How long the worker may take to end after it has aborted its jobs. */
const graceSeconds = 10;

function serviceDescription({ jobNames }: Service): string {
  return `Worker of ${jobNames.join(', ')}`;
}

/** A unit file for systemd that gives the worker access to what it needs, and to nothing else on the machine. */
export function systemdUnit(service: Service): string {
  const { directory, node, jobNames, words, stopTimeoutSeconds, needsQueueUrl } = service;
  const name = unitName(jobNames);
  const command = [node, `${directory}/bin/jobs.ts`, 'worker', ...words].map(quoted).join(' ');
  return `# /etc/systemd/system/${name}.service
#   systemctl daemon-reload && systemctl enable --now ${name}
[Unit]
Description=${serviceDescription(service)}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
WorkingDirectory=${escaped(directory)}
ExecStart=${command}
# ${needsQueueUrl ? 'JOB_QUEUE_URL=…, ' : ''}AWS_REGION=…, and credentials where the machine has no role; chmod 600
EnvironmentFile=-/etc/${name}.env
Environment=NODE_ENV=production

# Starting again does not help against a mistake in the settings (exit code 2).
Restart=always
RestartSec=5
RestartPreventExitStatus=2
# Longer than --stop-timeout, so that running jobs can finish and other messages are given back.
TimeoutStopSec=${stopTimeoutSeconds + graceSeconds}
KillMode=mixed

DynamicUser=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=${isInHome(directory) || isInHome(node) ? 'read-only' : 'yes'}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0077
# No MemoryDenyWriteExecute: V8 compiles at run time.

[Install]
WantedBy=multi-user.target
`;
}

function unitName(jobNames: readonly string[]): string {
  return `jobs-worker-${jobNames.join('-').toLowerCase()}`.slice(0, 200);
}

/** A word as systemd quotes it, in which specifiers (%) and variables ($) have no meaning. */
function quoted(word: string): string {
  const text = escaped(word).replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function escaped(text: string): string {
  return text.replaceAll('%', '%%');
}

function isInHome(path: string): boolean {
  return /^\/(home|root|run\/user)\//.test(`${path}/`);
}

/**
 * The definition of a Windows service for WinSW, which stops it by Ctrl-C. For Node that is a SIGINT.
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
  <description>${xml(`Runs the messages in the SQS queues of ${jobNames.join(', ')}.`)}</description>
  <executable>${xml(node)}</executable>
${args.join('\n')}
  <workingdirectory>${xml(directory)}</workingdirectory>
  <env name="NODE_ENV" value="production"/>
  <env name="AWS_REGION" value=""/>${queue}
  <!-- Longer than --stop-timeout, so that running jobs can finish and other messages are given back. -->
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
