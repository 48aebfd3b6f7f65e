import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

interface WatchOptions {
  readonly projectDirectory: string;
  /**
   * Called after edits, never twice at once. A later edit aborts `outdated` and leads to a call of its own; a stop aborts
   * `outdated`, too.
   */
  readonly onChange: (outdated: AbortSignal) => Promise<void>;
  readonly onWarning: (text: string) => void;
  /** How long no file must change before a call, so that saving many files is one change. Default 80. */
  readonly debounceMs?: number;
}

export interface Watching {
  /** Ends the watching. Resolves when the call under way has ended. */
  stop(): Promise<void>;
}

/**
 * Watches what a synth depends on: `src/`, `lib/`, `bin/`, `cdk.json`, `cdk.context.json` and `package-lock.json`, also
 * those that do not exist yet. Changes of generated files (`*.generated.ts`, which a synth writes itself) do not count, nor
 * do saves that change no content.
 */
export async function watchProject(options: WatchOptions): Promise<Watching> {
  const { projectDirectory, debounceMs = 80 } = options;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let looking: Promise<void> = Promise.resolve();
  let calls: Promise<void> = Promise.resolve();
  let latest = new AbortController();
  let seen = await fingerprint(projectDirectory);
  /** One for each folder. A recursive watcher follows files on Linux, and misses a file that replaces another. */
  const watchers = new Map<string, FSWatcher>();
  await watchFolders();
  schedule(); // for files that were saved between the fingerprint and the first watcher

  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
      latest.abort();
      await looking;
      await calls;
    },
  };

  /** Watches each folder that exists now, and no other: folders come and go. */
  async function watchFolders(): Promise<void> {
    const folders = new Set([projectDirectory, ...(await sourceFolders(projectDirectory))]);
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) if (!stopped && !watchers.has(folder)) watchFolder(folder);
  }

  /** In the project's own folder only some files count. The folder is watched, since editors may save by renaming. */
  function watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, (_event, file) => {
        if (folder !== projectDirectory || watchedEntries.has(file ?? '')) schedule();
      });
      watcher.on('error', (error) => {
        watchers.delete(folder);
        options.onWarning(`${folder} is not watched any more: ${(error as Error).message}`);
      });
      watchers.set(folder, watcher);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // The folder was removed after it was listed.
      options.onWarning(`${folder} is not watched: ${(error as Error).message}`);
    }
  }

  function schedule(): void {
    if (stopped) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      looking = looking.then(look);
    }, debounceMs);
  }

  async function look(): Promise<void> {
    await watchFolders(); // before the files are read, so that later saves raise an event
    const now = await fingerprint(projectDirectory);
    if (stopped || now === seen) return;
    seen = now;
    latest.abort();
    latest = new AbortController();
    const { signal } = latest;
    calls = calls.then(() => call(signal));
  }

  async function call(outdated: AbortSignal): Promise<void> {
    if (outdated.aborted) return;
    try {
      await options.onChange(outdated);
    } catch (error) {
      if (!outdated.aborted) options.onWarning((error as Error).message);
    }
  }
}

const watchedFolders = ['src', 'lib', 'bin'];
const watchedFiles = ['cdk.json', 'cdk.context.json', 'package-lock.json'];
const watchedEntries: ReadonlySet<string> = new Set([...watchedFolders, ...watchedFiles]);

/** A hash of the paths and contents of all that is watched. */
async function fingerprint(projectDirectory: string): Promise<string> {
  const hash = createHash('sha256');
  const files = watchedFiles.map((file) => join(projectDirectory, file));
  for (const folder of watchedFolders) files.push(...(await filesIn(join(projectDirectory, folder))));
  for (const file of files.sort()) {
    const content = await readFile(file).catch(() => undefined); // The file may not exist.
    if (content !== undefined) hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

async function sourceFolders(projectDirectory: string): Promise<string[]> {
  const roots = watchedFolders.map((folder) => join(projectDirectory, folder));
  const below = await Promise.all(roots.map(foldersIn));
  return below.flat();
}

/** The folder and all folders below it; an empty list when it does not exist. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const folders = entries.filter((entry) => entry.isDirectory());
  return [folder, ...folders.map((entry) => join(entry.parentPath, entry.name))];
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && isSource(entry.name));
  return files.map((entry) => join(entry.parentPath, entry.name));
}

/** False for files that a synth generates, and for temporary and backup files of editors. */
function isSource(name: string): boolean {
  return !/\.generated\.ts$|~$|^\.|\.sw[a-z]$|\.tmp$/.test(basename(name));
}
