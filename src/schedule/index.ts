/** EventBridge Scheduler's schedule expressions: what they mean, and when they fire. */
export { ScheduleExpressionError, type ScheduleField } from './errors.ts';
export { type ParsedSchedule, parseSchedule } from './expression.ts';
export { type FiringRule, nextFirings } from './firings.ts';
