/** The name of a queue by its URL, or of a topic or a queue by its ARN. */
export function lastPart(urlOrArn: string): string {
  return urlOrArn.slice(Math.max(urlOrArn.lastIndexOf('/'), urlOrArn.lastIndexOf(':')) + 1);
}
