/** The part of a schedule that is wrong. It is `expression` where the expression as a whole is wrong. */
export type ScheduleField =
  | 'expression'
  | 'timezone'
  | 'rate'
  | 'minutes'
  | 'hours'
  | 'day-of-month'
  | 'month'
  | 'day-of-week'
  | 'year'
  | 'at';

/** EventBridge Scheduler would refuse the expression or its time zone, or the expression never fires. */
export class ScheduleExpressionError extends Error {
  override readonly name = 'ScheduleExpressionError';
  readonly expression: string;
  readonly field: ScheduleField;
  /** The text in that field. */
  readonly given: string;
  /** What is allowed in that field. */
  readonly bound: string;
  /** What to do about it. */
  readonly advice: string;

  constructor(expression: string, fault: ScheduleFault, options?: ErrorOptions) {
    const { field, given, bound, advice } = fault;
    super(`${field} of ${expression}: given '${given}'; allowed: ${bound}. What to do: ${advice}`, options);
    this.expression = expression;
    this.field = field;
    this.given = given;
    this.bound = bound;
    this.advice = advice;
  }
}

export interface ScheduleFault {
  readonly field: ScheduleField;
  readonly given: string;
  readonly bound: string;
  readonly advice: string;
}
