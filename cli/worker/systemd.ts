import { graceSeconds, type Service, serviceDescription } from './service.ts';

/** A unit for systemd that gives the worker what it needs, and nothing else of the machine. */
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

# A mistake in the settings (exit code 2) is not cured by starting again.
Restart=always
RestartSec=5
RestartPreventExitStatus=2
# Longer than --stop-timeout: running jobs may finish, the others are given back.
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

/** systemd's own quoting, with its specifiers (%) and variables ($) kept from it. */
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
