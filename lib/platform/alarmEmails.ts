import { SynthError } from './synthError.ts';

/**
 * The addresses in a list like `a@x.com,b@y.com`, each once.
 * @throws {SynthError} when one of them cannot be an e-mail address
 */
export function alarmEmails(list: string): string[] {
  const addresses = list.split(',').map((address) => address.trim());
  const given = addresses.filter((address) => address !== '');
  for (const address of given) assertAddress(address, list);
  return [...new Map(given.map((address) => [address.toLowerCase(), address])).values()];
}

/** Enough to catch a slip of the pen: SNS itself mails a confirmation, which only a real address gets. */
function assertAddress(address: string, list: string): void {
  if (/^[\w.!#$%&'*+=?^`{|}~-]{1,64}@(?:[a-z0-9-]+\.)+[a-z0-9-]{2,}$/i.test(address)) return;
  throw new SynthError(
    `'${address}' in the alarm e-mail addresses '${list}' is no e-mail address. ` +
      'Write -c alarmEmail=a@example.com,b@example.com, or set ALARM_EMAIL to such a list.',
  );
}
