/**
 * Resolves when the work has ended, well or not, or after `ms`; then the work goes on by itself.
 * @param ms Infinity waits for the end of the work
 */
export async function settledWithin(work: Promise<unknown>, ms: number): Promise<void> {
  const ended = work.then(
    () => undefined,
    () => undefined,
  );
  if (ms === Number.POSITIVE_INFINITY) return ended;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([ended, timeout]);
  clearTimeout(timer);
}
