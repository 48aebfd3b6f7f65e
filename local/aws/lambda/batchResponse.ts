/** What a function that may report batch item failures said about its batch. */
export type BatchResponse =
  /** Everything but these message IDs succeeded. */
  | { failed: string[] }
  /** The response cannot be trusted, so the whole batch counts as failed. */
  | { invalid: string };

/**
 * Reads a response as Lambda does for a mapping with ReportBatchItemFailures. Empty, null or without
 * `batchItemFailures` (a misspelt one is none): all succeeded. Not JSON, or an item that names no message of the
 * batch: all failed. What AWS makes of other JSON (a list, a number, a text) is not documented: failed here, since
 * that loses nothing.
 */
export function readBatchResponse(payload: string, messageIds: Iterable<string>): BatchResponse {
  let response: unknown;
  try {
    response = payload === '' ? null : JSON.parse(payload);
  } catch {
    return { invalid: 'the response is not JSON' };
  }
  if (response === null || response === '') return { failed: [] };
  if (typeof response !== 'object' || Array.isArray(response)) {
    return { invalid: 'the response is not an object' };
  }
  const items = (response as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(items)) return { invalid: 'batchItemFailures is not a list' };
  return readItems(items, new Set(messageIds));
}

function readItems(items: unknown[], messageIds: Set<string>): BatchResponse {
  const failed = new Set<string>();
  for (const item of items) {
    const identifier = (item as { itemIdentifier?: unknown } | null)?.itemIdentifier;
    if (typeof identifier !== 'string' || identifier === '') {
      return { invalid: `an item of batchItemFailures has no itemIdentifier: ${JSON.stringify(item)}` };
    }
    if (!messageIds.has(identifier)) {
      return { invalid: `itemIdentifier ${JSON.stringify(identifier)} is no message of the batch` };
    }
    failed.add(identifier);
  }
  return { failed: [...failed] };
}
