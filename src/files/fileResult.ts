/** What `run` returns when its result is a file: `saveFile` makes it, and the API hands the file over by a presigned URL. */
export interface FileResult {
  readonly file: SavedFile;
}

/** A file in the platform's bucket. */
export interface SavedFile {
  /** Where it is in the bucket: `results/<jobName>/<jobId>/<name>`. */
  readonly key: string;
  /** The name it is downloaded under. */
  readonly name: string;
  readonly contentType: string;
  /** Its size. */
  readonly bytes: number;
}

/** Whether a job's result is a file. The caller also checks that its key is below `resultPrefix`. */
export function isFileResult(value: unknown): value is FileResult {
  const { file } = Object(value) as Partial<FileResult>;
  const { key, name, contentType, bytes } = Object(file) as Partial<SavedFile>;
  return (
    [key, name, contentType].every((text) => typeof text === 'string' && text !== '') &&
    Number.isSafeInteger(bytes) &&
    (bytes as number) >= 0
  );
}
