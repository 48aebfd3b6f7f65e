import type { IncomingMessage } from 'node:http';
import { HttpError } from './HttpError.ts';

/** Lambda's limit for a request; an HTTP API would take 10 MB, but not the function behind it. */
export const maxBodyBytes = 6 * 1024 * 1024;

/** @throws {HttpError} 413, and 400 for a body that breaks off */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBodyBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, { message: 'Bad Request' });
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes);
}

/** What is still to come is not read: the connection ends with the answer. */
function tooLarge(): HttpError {
  return new HttpError(413, { message: 'Request Entity Too Large' }, { connection: 'close' });
}
