import { alarms } from './alarms.ts';
import type { Behaviour } from './behaviour.ts';
import { dynamodb } from './dynamodb.ts';
import { filters } from './filters.ts';
import { mapping } from './mapping.ts';
import { s3 } from './s3.ts';
import { scheduler } from './scheduler.ts';
import { sns } from './sns.ts';
import { sqs } from './sqs.ts';

/** All behaviours, in the order in which they are tried. */
export const behaviours: readonly Behaviour[] = [
  ...mapping,
  ...sqs,
  ...sns,
  ...filters,
  ...alarms,
  ...scheduler,
  ...dynamodb,
  ...s3,
];
