/** The ID under which a soak's job is published. */
export function jobIdOf(index: number): string {
  return `soak-${index}`;
}

/** The number of the job that an ID, a log line, an envelope or a reason tells of; undefined when none is in it. */
export function indexIn(text: string): number | undefined {
  const found = /"soak-(\d+)"/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The number of the job that a message is of: its envelope tells it, or its attributes do. */
export function indexOfMessage(
  body: string,
  attributes: Readonly<Record<string, { readonly StringValue?: string | undefined }>> | undefined,
): number | undefined {
  return indexIn(body) ?? indexIn(JSON.stringify(attributes?.jobId?.StringValue ?? ''));
}
