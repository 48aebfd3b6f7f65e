/**
 * Why a text is not a time zone; undefined when it is one. Names must be spelled as in the IANA Time Zone Database:
 * `Europe/Berlin`, not `europe/berlin` or `+02:00`.
 */
export function timeZoneProblem(timezone: string): string | undefined {
  const known = /^[A-Za-z]/.test(timezone) ? canonicalName(timezone) : undefined;
  if (known === undefined) return 'take a name of the IANA Time Zone Database, such as Europe/Berlin';
  const isMisspelt = known !== timezone && known.toLowerCase() === timezone.toLowerCase();
  return isMisspelt ? `write ${known}` : undefined;
}

/** The time that clocks in a zone show at an instant, in milliseconds as if it were UTC. */
export function wallTimeOf(instant: number, timezone: string): number {
  return instant + offsetAt(instant, timezone);
}

/**
 * The instant at which clocks in a zone show a time for the first time. Undefined for a time that they skip.
 * @param wallTime in milliseconds as if it were UTC
 */
export function instantOf(wallTime: number, timezone: string): number | undefined {
  const before = offsetAt(wallTime - dayMs, timezone);
  const after = offsetAt(wallTime + dayMs, timezone);
  if (before === after) return wallTime - before;
  const instants = [wallTime - before, wallTime - after].filter(
    (instant) => wallTimeOf(instant, timezone) === wallTime,
  );
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/**
 * A day before and a day after a time, clocks show the offsets of before and
 * after a change: two changes are weeks apart.
 */
const dayMs = 86_400_000;

/** Whether a text is an ISO instant with `Z` or an offset. Without one, it would be another time on every machine. */
export function isInstant(text: string): boolean {
  const [, date = ''] =
    /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const isTime = date !== '' && !Number.isNaN(Date.parse(text));
  // JavaScript takes the 30th of February for the 2nd of March.
  return isTime && new Date(`${date}T00:00Z`).toISOString().startsWith(date);
}

function canonicalName(timezone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: timezone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function offsetAt(instant: number, timezone: string): number {
  if (timezone === 'UTC') return 0;
  const [, sign, hours, minutes, seconds = '0'] =
    /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(formatOf(timezone).format(instant)) ?? [];
  const total = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds);
  return (sign === '-' ? -total : total) * 1000;
}

/**
 * A format that shows the offset, such as `GMT+02:00`. It is kept, because making
 * one takes 100 times as long as using it.
 */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const made =
    formats.get(timezone) ??
    new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
  formats.set(timezone, made);
  return made;
}

const formats = new Map<string, Intl.DateTimeFormat>();
