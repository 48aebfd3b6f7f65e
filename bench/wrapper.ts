import { spawn } from 'node:child_process';
import type { Measure } from './measure.ts';

/** What the runtime adds to a message, beside AWS's own batch processor. */
export const wrapperMeasures: Measure[] = [
  {
    name: 'wrapper',
    peer: 'Powertools processPartialResponse',
    target: '≤ 0.75',
    of: 'time per message, batch of 10 from SNS, no-op job',
    ratio: () => measuredInChild('quiet'),
  },
  {
    name: 'wrapper-logged',
    peer: 'Powertools processPartialResponse + Logger',
    target: '≤ 1',
    of: 'time per message with one line of the same fields each',
    ratio: () => measuredInChild('logged'),
  },
];

/** In a process of its own whose stdout is discarded: a terminal would be measured instead. */
function measuredInChild(mode: 'quiet' | 'logged'): Promise<number> {
  const script = new URL('./wrapperChild.ts', import.meta.url).pathname;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, mode], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.once('message', (ratio) => resolve(Number(ratio)));
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code} before it reported`)));
  });
}
