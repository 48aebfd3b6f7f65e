import type { Engine } from '../engine/engine.ts';
import {
  type AlarmDefinition,
  type AlarmStateValue,
  type AnyAlarmDefinition,
  type CompositeAlarmDefinition,
  metricsOf,
} from './alarmDefinition.ts';
import type { Clock } from './clock.ts';
import { alarmsOfRule, ruleHolds } from './compositeRule.ts';
import { type AlarmState, type Datapoint, evaluateAlarm, evaluationRange, initialState } from './evaluate.ts';
import { createMetrics, type Look, type Metrics, type Topology } from './metrics.ts';
import { alarmNotification, alarmSubject } from './notification.ts';
import { createSampling, type Sampling, sumOfDatapoints } from './sampling.ts';

/** One alarm as it stands. */
export interface AlarmView {
  readonly name: string;
  readonly description: string | undefined;
  /** When it is up, in words. */
  readonly condition: string;
  /** Its actions do nothing but scale a service: that it is up is no fault. */
  readonly scales: boolean;
  readonly state: AlarmStateValue;
  readonly reason: string;
  readonly since: Date;
}

export interface AlarmTransition extends AlarmView {
  readonly before: AlarmStateValue;
}

/** All alarms of the platform, evaluated every (scaled) minute. */
export interface AlarmBoard {
  /** Adds an alarm and evaluates it; one of that name is redefined and keeps its state, as on AWS. */
  put(definition: AnyAlarmDefinition): Promise<void>;
  remove(name: string): void;
  list(): AlarmView[];
  /** The topics that alarms publish to. */
  topicArns(): Set<string>;
  stop(): Promise<void>;
}

interface AlarmBoardOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly topology: Topology;
  onTransition(transition: AlarmTransition): void;
  /** An alarm is in a state whose action is a scaling policy: told at each evaluation, as CloudWatch does. */
  onScaling?(policyArn: string, breach: number): void;
  onWarning(text: string): void;
}

/** SQS and SNS send CloudWatch a reading a minute; alarms on them are evaluated as often. */
const SAMPLE_SECONDS = 60;
/** The floor that everything sped up has. */
const FLOOR_MS = 1_000;

export function startAlarmBoard(options: AlarmBoardOptions): AlarmBoard {
  return new EvaluatedAlarms(options);
}

class EvaluatedAlarms implements AlarmBoard {
  readonly #options: AlarmBoardOptions;
  readonly #metrics: Metrics;
  readonly #entries = new Map<string, Entry>();
  readonly #stopTicking: () => void;
  #work: Promise<void> = Promise.resolve();

  constructor(options: AlarmBoardOptions) {
    const { engine, clock, topology } = options;
    this.#options = options;
    this.#metrics = createMetrics(engine, topology);
    this.#stopTicking = clock.every(scaledMs(SAMPLE_SECONDS, engine.speed), () =>
      this.#inTurn(() => this.#evaluateAll()),
    );
  }

  put(definition: AnyAlarmDefinition): Promise<void> {
    return this.#inTurn(() => this.#put(definition));
  }

  remove(name: string): void {
    this.#entries.delete(name);
  }

  list(): AlarmView[] {
    return [...this.#entries.values()].map(viewOf);
  }

  topicArns(): Set<string> {
    const definitions = [...this.#entries.values()].map(({ definition }) => definition);
    return new Set(definitions.flatMap(({ actions }) => Object.values(actions).flat()));
  }

  async stop(): Promise<void> {
    this.#stopTicking();
    this.#metrics.stop();
    await this.#work;
  }

  /** Evaluations never overlap: a transition is told once. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    this.#work = this.#work
      .then(step)
      .catch((error: Error) => this.#options.onWarning(`Alarms could not be evaluated: ${error.message}`));
    return this.#work;
  }

  async #put(definition: AnyAlarmDefinition): Promise<void> {
    const before = this.#entries.get(definition.name);
    const state = before?.state ?? initialState(this.#now());
    if (definition.kind === 'composite') {
      this.#entries.set(definition.name, { definition, state });
      return this.#evaluateComposites();
    }
    const kept =
      before && 'samplings' in before && sameMetric(before.definition, definition)
        ? before.samplings
        : undefined;
    const samplings = kept ?? newSamplings(definition, this.#options.engine.speed);
    const entry: MetricEntry = { definition, state, samplings };
    this.#entries.set(definition.name, entry);
    await this.#evaluate(entry, this.#look());
    await this.#evaluateComposites();
  }

  async #evaluateAll(): Promise<void> {
    const look = this.#look();
    for (const entry of [...this.#entries.values()]) {
      if (isMetricEntry(entry)) await this.#evaluate(entry, look);
    }
    await this.#evaluateComposites();
  }

  async #evaluate(entry: MetricEntry, look: Look): Promise<void> {
    const now = this.#now();
    const { definition, samplings } = entry;
    const readings = await Promise.all(metricsOf(definition.metric).map((metric) => look.read(metric)));
    const addends = samplings.map((sampling, index) => {
      sampling.add(readings[index]);
      return sampling.datapoints(definition.statistic, evaluationRange(definition), now);
    });
    const datapoints = sumOfDatapoints(addends);
    await this.#enter(entry, evaluateAlarm(definition, entry.state, datapoints, now));
    if (this.#isCurrent(entry)) this.#scale(entry, datapoints);
  }

  /** By the newest datapoint there is; without any there is nothing to scale by but that nothing happens. */
  #scale({ definition, state }: MetricEntry, datapoints: readonly Datapoint[]): void {
    if (!definition.actionsEnabled) return;
    const newest = datapoints.findLast(({ value }) => value !== undefined)?.value ?? 0;
    for (const arn of definition.actions[state.value].filter(isScalingPolicy)) {
      this.#options.onScaling?.(arn, newest - definition.threshold);
    }
  }

  /** A composite may watch others: repeated until nothing changes, at most once for each. */
  async #evaluateComposites(): Promise<void> {
    const composites = [...this.#entries.values()].filter(isCompositeEntry);
    for (let round = 0; round < composites.length; round++) {
      const before = composites.map(({ state }) => state.value);
      for (const entry of composites) await this.#enter(entry, this.#compositeState(entry));
      if (composites.every(({ state }, index) => state.value === before[index])) return;
    }
  }

  #compositeState({ definition, state }: CompositeEntry): AlarmState {
    const stateOf = (name: string) => this.#entries.get(name)?.state.value ?? 'INSUFFICIENT_DATA';
    const value = ruleHolds(definition.rule, stateOf) ? 'ALARM' : 'OK';
    if (value === state.value) return state;
    const states = alarmsOfRule(definition.rule).map((name) => `${name} is ${stateOf(name)}`);
    const reason = `${definition.ruleText} is ${value === 'ALARM'}: ${states.join(', ')}`;
    return { value, reason, since: this.#now() };
  }

  async #enter(entry: Entry, state: AlarmState): Promise<void> {
    const before = entry.state;
    entry.state = state;
    if (state.value === before.value || !this.#isCurrent(entry)) return;
    this.#options.onTransition({ ...viewOf(entry), before: before.value });
    if (entry.definition.actionsEnabled) await this.#notify(entry.definition, before, state);
  }

  async #notify(definition: AnyAlarmDefinition, before: AlarmState, state: AlarmState): Promise<void> {
    const { engine, onWarning } = this.#options;
    for (const TopicArn of definition.actions[state.value]) {
      if (!TopicArn.startsWith('arn:aws:sns:')) continue; // named at start
      try {
        await engine.sns('Publish', {
          TopicArn,
          Subject: alarmSubject(definition, state, engine.region),
          Message: JSON.stringify(alarmNotification(definition, before, state, engine)),
        });
      } catch (error) {
        onWarning(`Alarm ${definition.name} could not publish to ${TopicArn}: ${(error as Error).message}`);
      }
    }
  }

  /** Not since removed, nor redefined. */
  #isCurrent(entry: Entry): boolean {
    return this.#entries.get(entry.definition.name) === entry;
  }

  #look(): Look {
    return this.#metrics.look(this.#options.clock.now());
  }

  #now(): Date {
    return new Date(this.#options.clock.now());
  }
}

/** Whether an alarm's action is a policy of Application Auto Scaling. */
export function isScalingPolicy(arn: string): boolean {
  return arn.startsWith('arn:aws:autoscaling:');
}

interface MetricEntry {
  readonly definition: AlarmDefinition;
  state: AlarmState;
  /** One for each metric of a sum. */
  readonly samplings: readonly Sampling[];
}

interface CompositeEntry {
  readonly definition: CompositeAlarmDefinition;
  state: AlarmState;
}

type Entry = MetricEntry | CompositeEntry;

function isMetricEntry(entry: Entry): entry is MetricEntry {
  return entry.definition.kind === 'metric';
}

function isCompositeEntry(entry: Entry): entry is CompositeEntry {
  return entry.definition.kind === 'composite';
}

function viewOf({ definition, state: { value, reason, since } }: Entry): AlarmView {
  const { name, description } = definition;
  const condition = conditionOf(definition);
  return { name, description, condition, scales: scales(definition), state: value, reason, since };
}

function scales({ actions }: AnyAlarmDefinition): boolean {
  const all = Object.values(actions).flat();
  return all.length > 0 && all.every(isScalingPolicy);
}

function conditionOf(definition: AnyAlarmDefinition): string {
  if (definition.kind === 'composite') return definition.ruleText;
  const { metric, comparisonOperator, threshold, datapointsToAlarm, evaluationPeriods, periodSeconds } =
    definition;
  const what = 'expression' in metric ? metric.expression : metric.name;
  return `${what} is ${comparisonOperator} ${threshold} for ${datapointsToAlarm} of ${evaluationPeriods} periods of ${periodSeconds} s`;
}

function scaledMs(seconds: number, speed: number): number {
  return Math.max(FLOOR_MS, (seconds * 1_000) / speed);
}

function newSamplings({ metric, periodSeconds }: AlarmDefinition, speed: number): Sampling[] {
  const sampleMs = scaledMs(SAMPLE_SECONDS, speed);
  const samplesPerPeriod = Math.max(1, Math.round(scaledMs(periodSeconds, speed) / sampleMs));
  return metricsOf(metric).map(() => createSampling(samplesPerPeriod, sampleMs));
}

function sameMetric(before: AnyAlarmDefinition, now: AlarmDefinition): boolean {
  return (
    before.kind === 'metric' &&
    before.periodSeconds === now.periodSeconds &&
    JSON.stringify(before.metric) === JSON.stringify(now.metric)
  );
}
