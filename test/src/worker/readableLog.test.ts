import { describe, expect, test } from '@jest/globals';
import { MessageLog } from '../../../src/runtime/log.ts';
import { readableLogger } from '../../../src/worker/readableLog.ts';

function linesOf(say: (log: MessageLog) => void, level?: string): string[] {
  const lines: string[] = [];
  const logger = readableLogger('GreetingJob', (text) => lines.push(text), level);
  say(new MessageLog(logger, { jobId: '0193-7f', attempt: 2, messageId: 'message-1' }));
  return lines.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ''));
}

describe('a line for people', () => {
  test('says what, whose and how long, and leaves out what only machines want', () => {
    expect(linesOf((log) => log.info('succeeded', { outcome: 'succeeded', durationMs: 1.5 }))).toEqual([
      'INFO  GreetingJob succeeded (0193-7f, attempt 2) durationMs=1.5\n',
    ]);
  });

  test('ends with its error and where that came from', () => {
    const [line = ''] = linesOf((log) => log.error('dead', new TypeError('no friends')));
    expect(line).toMatch(
      /^ERROR GreetingJob dead \(0193-7f, attempt 2\)\n {4}TypeError: no friends\n {4}at /,
    );
  });

  test('cannot steer the terminal', () => {
    const [line] = linesOf((log) => log.info('\u001b[2Jgone\u0007', { name: '\u001b]0;title\u0007x' }));
    expect(line).toBe('INFO  GreetingJob gone (0193-7f, attempt 2) name=x\n');
  });

  test('is not written below the level', () => {
    expect(linesOf((log) => log.debug('detail'))).toEqual([]);
    expect(linesOf((log) => log.debug('detail'), 'debug')).toHaveLength(1);
    expect(linesOf((log) => log.info('detail'), 'WARN')).toEqual([]);
  });
});
