/**
 * A Content-Disposition by which a browser saves a file under its name (RFC 6266): the name in ASCII for old ones, and
 * in UTF-8 (RFC 8187) for all others. What could break out of the header, or out of a folder, is replaced.
 */
export function attachment(name: string): string {
  const wellFormed = name.toWellFormed().replace(/[\p{Cc}\p{Cf}/\\]/gu, '_');
  const ascii = wellFormed.replace(/[^ -~]|["%]/gu, '_');
  const utf8 = encodeURIComponent(wellFormed).replace(/['()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
  return `attachment; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}
