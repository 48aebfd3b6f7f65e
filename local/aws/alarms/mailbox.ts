import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { type AcceptedPublish, type Engine, messageFor } from '../engine/engine.ts';
import { alarmEmailText, parseAlarmNotification } from './alarmEmail.ts';

/** An e-mail that was "sent": a file. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly at: Date;
  /** Absolute path of the `.eml` file. */
  readonly file: string;
}

interface MailSubscription {
  readonly topicArn: string;
  readonly address: string;
  /** `json` (protocol email-json): the whole SNS envelope. */
  readonly format: 'text' | 'json';
}

/**
 * Turns what is published on topics with e-mail subscriptions into `.eml` files (RFC 822). Keeps the newest 100 of
 * earlier runs.
 */
export interface Mailbox {
  /** Adds a subscription; returns its end. */
  subscribe(subscription: MailSubscription): () => void;
  /** The newest mails, newest first. */
  recent(): readonly Mail[];
  /** Resolves once every mail of what was published so far is written; hears nothing from then on. */
  stop(): Promise<void>;
}

interface MailboxOptions {
  readonly engine: Engine;
  readonly directory: string;
  /** Topics whose messages go to {@link DEFAULT_ADDRESS} while they have no e-mail subscription. */
  alarmTopicArns(): ReadonlySet<string>;
  onMail(mail: Mail): void;
  onWarning(text: string): void;
}

/** Who gets alarm e-mails when no address is configured. */
const DEFAULT_ADDRESS = 'dev@localhost';

const RECENT_MAILS = 50;
/** Files that a start leaves of the runs before. */
const KEPT_FILES = 100;

export function startMailbox(options: MailboxOptions): Mailbox {
  const subscriptions = new Set<MailSubscription>();
  const recent: Mail[] = [];
  let work: Promise<void> = removeOldMails(options.directory).catch((error: Error) => {
    options.onWarning(`Old mails could not be removed: ${error.message}`);
  });
  const unsubscribe = options.engine.onPublish((publish) => {
    for (const subscription of recipientsOf(publish.topicArn)) {
      work = work
        .then(() => send(publish, subscription))
        .catch((error: Error) => {
          options.onWarning(`Mail to ${subscription.address} could not be written: ${error.message}`);
        });
    }
  });

  return {
    subscribe: (subscription) => {
      subscriptions.add(subscription);
      return () => subscriptions.delete(subscription);
    },
    recent: () => [...recent],
    stop: async () => {
      unsubscribe();
      await work;
    },
  };

  function recipientsOf(topicArn: string): MailSubscription[] {
    const configured = [...subscriptions].filter((subscription) => subscription.topicArn === topicArn);
    if (configured.length > 0 || !options.alarmTopicArns().has(topicArn)) return configured;
    return [{ topicArn, address: DEFAULT_ADDRESS, format: 'text' }];
  }

  async function send(publish: AcceptedPublish, { address, format }: MailSubscription): Promise<void> {
    const at = new Date();
    const subject = publish.subject ?? 'AWS Notification Message';
    const text = format === 'json' ? envelopeOf(publish, at) : textOf(publish);
    const file = await writeMail(options.directory, { to: address, subject, text, at });
    const mail: Mail = { to: address, subject, text, at, file };
    recent.unshift(mail);
    recent.length = Math.min(recent.length, RECENT_MAILS);
    options.onMail(mail);
  }
}

async function removeOldMails(directory: string): Promise<void> {
  const files = await readdir(directory).catch(() => []); // there is none before the first mail
  const mails = files.filter((name) => name.endsWith('.eml')).sort(); // the oldest first, by their names
  await Promise.all(mails.slice(0, -KEPT_FILES).map((name) => rm(join(directory, name), { force: true })));
}

const FROM = 'AWS Notifications <no-reply@sns.amazonaws.com>';

/** RFC 5322's limit for a line, without its end. */
const MAX_LINE_BYTES = 998;

const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
// Text as it is, so that a command can be copied out of the file: encoded, its lines would be broken up.
transport.use('stream', ({ data: { text }, message }, done) => {
  const lines = String(text).split('\n');
  if (lines.every((line) => Buffer.byteLength(line) <= MAX_LINE_BYTES)) {
    message.getTransferEncoding = () => '8bit';
  }
  done();
});

async function writeMail(directory: string, { to, subject, text, at }: Omit<Mail, 'file'>): Promise<string> {
  const { message } = await transport.sendMail({ from: FROM, to, subject, text, date: at });
  await mkdir(directory, { recursive: true });
  const file = join(directory, `${uniqueTimestamp(at)}-${slugOf(subject)}.eml`);
  await writeFile(`${file}.part`, message);
  await rename(`${file}.part`, file); // whoever watches the folder never sees half a mail
  return file;
}

let lastMs = 0;

/** `2026-11-21T12-00-00-123Z`; a millisecond later than the mail before at the least, so that names sort and differ. */
function uniqueTimestamp(at: Date): string {
  lastMs = Math.max(lastMs + 1, at.getTime());
  return new Date(lastMs).toISOString().replace(/[:.]/g, '-');
}

/** `ALARM: "jobs-dev-X" in US East (N. Virginia)` → `alarm-jobs-dev-x-in-us-east-n-virginia` */
function slugOf(subject: string): string {
  return subject
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 80);
}

function textOf(publish: AcceptedPublish): string {
  const message = messageFor(publish, 'email');
  const notification = parseAlarmNotification(message);
  return notification ? alarmEmailText(notification) : message;
}

function envelopeOf(publish: AcceptedPublish, at: Date): string {
  const { topicArn, messageId, subject } = publish;
  const envelope = {
    Type: 'Notification',
    MessageId: messageId,
    TopicArn: topicArn,
    Subject: subject,
    Message: messageFor(publish, 'email-json'),
    Timestamp: at.toISOString(),
  };
  return JSON.stringify(envelope, undefined, 2);
}
