/** Whether a text is an ISO instant, with `Z` or an offset: without one, every machine takes it for another time. */
export function isInstant(text: string): boolean {
  const [, date = ''] =
    /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const isTime = date !== '' && !Number.isNaN(Date.parse(text));
  // JavaScript takes the 30th of February for the 2nd of March.
  return isTime && new Date(`${date}T00:00Z`).toISOString().startsWith(date);
}
