import type { PlatformEvent } from './view.ts';

type Listener = (event: PlatformEvent) => void;

/** What happens on a platform, told to whoever listens. */
export interface PlatformEvents {
  /** Returns the end of the listening. */
  subscribe(listener: Listener): () => void;
  /** A listener that throws stops neither the others nor what it was told of. */
  emit(event: PlatformEvent): void;
}

/** @param first hears everything from the very start */
export function createPlatformEvents(first: Listener | undefined): PlatformEvents {
  const listeners = new Set<Listener>(first ? [first] : []);
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    emit: (event) => {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          process.emitWarning(`A listener of platform events failed: ${(error as Error)?.stack ?? error}`);
        }
      }
    },
  };
}
