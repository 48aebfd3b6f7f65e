/**
 * A name that is one segment of a key in S3 and a file's name on any system: no path, no control or invisible
 * characters, no dot or space at either end, at most 200 bytes (a key of S3 ends at 1,024), its ending kept. What
 * leaves nothing becomes `file`. A name that is safe already stays as it is.
 */
export function safeFileName(name: string): string {
  const last = name.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .replace(/[<>:"|?*]/g, '-')
    .replace(/\s+/gu, ' ');
  return shortened(trimmed(plain)) || 'file';
}

/** The longest name, in bytes of UTF-8. */
export const maxFileNameBytes = 200;

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= maxFileNameBytes) return name;
  const ending = /[^.]\.(\w{1,16})$/.exec(name)?.[1];
  const kept = ending === undefined ? '' : `.${ending}`;
  return trimmed(firstBytes(name, maxFileNameBytes - kept.length)) + kept;
}

/** As many whole characters as fit. */
function firstBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** A leading dot hides a file, and Windows drops trailing ones. */
function trimmed(name: string): string {
  return name.replace(/^[. ]+|[. ]+$/g, '');
}
