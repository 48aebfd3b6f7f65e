import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

/** Presigned URLs of the platform's files bucket, so that files do not pass through the API. */
export interface FileLinks {
  /** A form that can upload one file under this key, of this type and of up to `maxBytes` bytes, for 15 minutes. */
  upload(file: {
    readonly key: string;
    readonly contentType: string;
    readonly maxBytes: number;
  }): Promise<UploadForm>;
  /**
   * A file's URL for 5 minutes. A browser saves the file under `name`, if given. Undefined when there is no such file.
   */
  download(
    key: string,
    as: { readonly name?: string; readonly contentType: string },
  ): Promise<string | undefined>;
  /** The origin of these URLs, such as `https://files.s3.eu-west-1.amazonaws.com`. */
  origin(): Promise<string>;
}

interface UploadForm {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  /** An ISO instant. */
  readonly expiresAt: string;
}

const uploadSeconds = 15 * 60;
const downloadSeconds = 5 * 60;

/** Links made by S3's SDK, which is loaded on first use. */
export function s3FileLinks(Bucket: string, config: S3ClientConfig = {}): FileLinks {
  let loading: Promise<LoadedSdk> | undefined;
  const loaded = (): Promise<LoadedSdk> => {
    loading ??= loadSdk(config);
    return loading;
  };
  return {
    async upload({ key, contentType, maxBytes }) {
      const { client, createPresignedPost } = await loaded();
      const expiresAt = new Date(Date.now() + uploadSeconds * 1000).toISOString();
      const { url, fields } = await createPresignedPost(client, {
        Bucket,
        Key: key,
        Fields: { 'Content-Type': contentType },
        Conditions: [['content-length-range', 1, maxBytes]],
        Expires: uploadSeconds,
      });
      return { url, fields, expiresAt };
    },

    async download(Key, { name, contentType }) {
      const { client, sdk, getSignedUrl } = await loaded();
      if (!(await isThere(client.send(new sdk.HeadObjectCommand({ Bucket, Key }))))) return undefined;
      const command = new sdk.GetObjectCommand({
        Bucket,
        Key,
        ResponseContentType: contentType,
        ...(name === undefined ? {} : { ResponseContentDisposition: attachment(name) }),
      });
      return getSignedUrl(client, command, { expiresIn: downloadSeconds });
    },

    async origin() {
      const { client, sdk, getSignedUrl } = await loaded();
      return new URL(await getSignedUrl(client, new sdk.GetObjectCommand({ Bucket, Key: 'any' }))).origin;
    },
  };
}

interface LoadedSdk {
  readonly sdk: typeof import('@aws-sdk/client-s3');
  readonly client: S3Client;
  readonly createPresignedPost: typeof import('@aws-sdk/s3-presigned-post').createPresignedPost;
  readonly getSignedUrl: typeof import('@aws-sdk/s3-request-presigner').getSignedUrl;
}

async function loadSdk(config: S3ClientConfig): Promise<LoadedSdk> {
  const [sdk, { createPresignedPost }, { getSignedUrl }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/s3-presigned-post'),
    import('@aws-sdk/s3-request-presigner'),
  ]);
  return { sdk, client: new sdk.S3Client(config), createPresignedPost, getSignedUrl };
}

/**
 * Whether there is an object. S3 answers 403 for a missing one where a role may not list the bucket.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
async function isThere(head: Promise<unknown>): Promise<boolean> {
  try {
    await head;
    return true;
  } catch (error) {
    const { httpStatusCode } = (error as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {};
    if (httpStatusCode === 404 || httpStatusCode === 403) return false;
    throw error;
  }
}

/**
 * A Content-Disposition by which a browser saves a file under a name (RFC 6266). It has the name in ASCII for old
 * browsers and in UTF-8 (RFC 8187) for all others. Characters that could break the header, or lead out of a folder, are
 * replaced.
 */
export function attachment(name: string): string {
  const wellFormed = name.toWellFormed().replace(/[\p{Cc}\p{Cf}/\\]/gu, '_');
  const ascii = wellFormed.replace(/[^ -~]|["%]/gu, '_');
  const utf8 = encodeURIComponent(wellFormed).replace(/['()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
  return `attachment; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}
