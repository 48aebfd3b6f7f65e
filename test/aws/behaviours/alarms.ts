import assert from 'node:assert/strict';
import { rowsOf } from './behaviour.ts';
import type { AlarmState, AlarmTrial } from './hosts.ts';

const { rows, met } = rowsOf('alarms', '');

export { rows as alarms };

/** Its two tables, row by row. */
const source =
  'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html#alarms-evaluating-missing-data';
const how = ['missing', 'breaching', 'notBreaching'] as const;

/** `-` is a missing datapoint, 0 one that does not breach, X one that does; the newest is the last. */
function table(datapointsToAlarm: number, lines: Readonly<Record<string, readonly AlarmState[]>>): void {
  for (const [points, states] of Object.entries(lines)) {
    for (const [index, treatMissingData] of how.entries()) {
      const state = states[index] as AlarmState;
      const name = `${datapointsToAlarm} of 3 datapoints, ${treatMissingData} data: ${points} is ${state}`;
      met(name, source, async (aws) => {
        const datapoints = points.split(' ').map((point) => ({ '-': null, '0': 0, X: 9 })[point] ?? null);
        const trial: AlarmTrial = {
          threshold: 5,
          evaluationPeriods: 3,
          datapointsToAlarm,
          treatMissingData,
          datapoints,
        };
        assert.equal(await aws.alarmState(trial), state);
      });
    }
  }
}

table(3, {
  '0 - X - X': ['OK', 'OK', 'OK'],
  '0 - - - -': ['OK', 'OK', 'OK'],
  '- - - - -': ['INSUFFICIENT_DATA', 'ALARM', 'OK'],
  '0 X X - X': ['ALARM', 'ALARM', 'ALARM'],
  '- - X - -': ['ALARM', 'ALARM', 'OK'],
});
table(2, {
  '0 - X - X': ['ALARM', 'ALARM', 'ALARM'],
  '0 0 X 0 X': ['ALARM', 'ALARM', 'ALARM'],
  '0 - X - -': ['OK', 'ALARM', 'OK'],
  '- - - - 0': ['OK', 'ALARM', 'OK'],
  '- - - X -': ['ALARM', 'ALARM', 'OK'],
});
