import type { Target } from './schedule.ts';

/** One schedule as it stands. */
export interface ScheduleView {
  readonly name: string;
  readonly groupName: string;
  readonly target: Target;
  readonly expression: string;
  readonly timezone: string;
  readonly state: 'ENABLED' | 'DISABLED';
  /** The next three at most, in order. */
  readonly nextFirings: readonly NextFiring[];
  readonly lastFiring: ScheduleFiring | undefined;
}

export interface NextFiring {
  /** The time that its expression says. */
  readonly scheduledAt: Date;
  /** When that is, in real time; sooner where time is sped up. */
  readonly at: Date;
}

export interface ScheduleFiring {
  readonly name: string;
  readonly groupName: string;
  readonly target: Target;
  readonly scheduledAt: Date;
  /** Real time. */
  readonly at: Date;
  /** Undefined while the target is called for the first time. */
  readonly state: InvocationState | undefined;
  readonly error?: string;
}

/** How one firing of a schedule stands. */
export type InvocationState = 'delivered' | 'retrying' | 'dead' | 'cancelled';
