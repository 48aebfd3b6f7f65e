import { type FileHandle, open } from 'node:fs/promises';

/** Reads the effects that jobs have appended to the file since the last time. */
export class Ledger {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #buffer = Buffer.alloc(64 * 1024);
  #position = 0;
  #rest = '';

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Creates the file when there is none. */
  static async open(path: string): Promise<Ledger> {
    return new Ledger(path, await open(path, 'a+'));
  }

  /** @param onEffect called with the job's number for each new effect */
  async read(onEffect: (index: number) => void): Promise<void> {
    for (;;) {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, this.#buffer.length, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const lines = (this.#rest + this.#buffer.toString('latin1', 0, bytesRead)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) onEffect(Number.parseInt(line, 10));
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
