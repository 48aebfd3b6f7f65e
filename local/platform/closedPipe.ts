/**
 * Whoever reads the output may have seen enough (`… | head`), or died of the same Ctrl-C (`… | tee log`): the work goes
 * on.
 */
export function outliveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
