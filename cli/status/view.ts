import { createLogUpdate } from 'log-update';
import type { JobStatus } from '../../src/job/jobStatus.ts';
import { progressText, statusText } from './statusText.ts';

/** Shows a job while it goes on: redrawn in place on a terminal, a line for each change elsewhere. */
export interface View {
  /** @param status undefined while nothing is known of the job */
  update(status: JobStatus | undefined): void;
  /** Leaves the last state on the screen. @param result of a job that succeeded, for people to read */
  end(status: JobStatus | undefined, result?: string): void;
}

/** @param json prints a status as JSON for each change */
export function startView(jobId: string, stream: NodeJS.WriteStream, json: boolean): View {
  if (json) return lineView(jobId, stream, JSON.stringify, () => undefined);
  if (stream.isTTY) return liveView(jobId, stream);
  return lineView(jobId, stream, changeLine, (status, result) =>
    stream.write(`\n${statusText(status, Date.now(), result)}\n`),
  );
}

export function unknownText(jobId: string): string {
  return `nothing is known of ${JSON.stringify(jobId)}: its first attempt has not begun, it is delayed (npm run jobs -- schedules list shows it), it is not there or not yours, or its job has no track: true`;
}

function liveView(jobId: string, stream: NodeJS.WriteStream): View {
  const log = createLogUpdate(stream);
  const show: View['end'] = (status, result) => {
    // log-update 7.2 redraws the lines that differ, and loses some of the others when their number changes.
    log.clear();
    log(status === undefined ? `${unknownText(jobId)} …` : statusText(status, Date.now(), result));
  };
  return {
    update: (status) => show(status),
    end(status, result) {
      show(status, result);
      log.done();
    },
  };
}

function lineView(
  jobId: string,
  stream: NodeJS.WriteStream,
  textOf: (status: JobStatus) => string,
  printEnd: (status: JobStatus, result?: string) => unknown,
): View {
  let shown: string | undefined;
  return {
    update(status) {
      const now = status === undefined ? '' : textOf(status);
      if (now === shown) return;
      shown = now;
      if (status === undefined) console.error(`${unknownText(jobId)} …`);
      else stream.write(`${now}\n`);
    },
    end(status, result) {
      if (status !== undefined) printEnd(status, result);
    },
  };
}

/** Says the same as long as nothing has changed. */
function changeLine({ state, attempt, progress, updatedAt, isCancelRequested }: JobStatus): string {
  return [
    `${updatedAt}  ${state}`,
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(isCancelRequested ? ['asked to stop'] : []),
    ...(progress === undefined || state === 'succeeded' ? [] : [progressText(progress)]),
  ].join(', ');
}
