/** The ID under which a soak's job is published. */
export function jobIdOf(index: number): string {
  return `soak-${index}`;
}

/** The number of the job whose ID is in an envelope, a log line or another text; undefined when there is none. */
export function indexIn(text: string): number | undefined {
  const found = /"soak-(\d+)"/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The number of a message's job, from its envelope or its attributes. */
export function indexOfMessage(
  body: string,
  attributes: Readonly<Record<string, { readonly StringValue?: string | undefined }>> | undefined,
): number | undefined {
  return indexIn(body) ?? indexIn(JSON.stringify(attributes?.jobId?.StringValue ?? ''));
}
