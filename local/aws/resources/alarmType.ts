import type { AnyAlarmDefinition } from '../alarms/alarmDefinition.ts';
import { describedHere } from './describedHere.ts';
import type { Finding, Properties, ResourceType } from './resourceType.ts';
import { localArn } from './resourceType.ts';

/** What alarms of CloudWatch have in common. */
interface AlarmType {
  readonly type: string;
  /** Besides name, description and actions. */
  readonly honoured: readonly string[];
  readonly check: NonNullable<ResourceType['check']>;
  definition(name: string, arn: string, properties: Properties): AnyAlarmDefinition;
}

export function alarmType({ type, honoured, check, definition }: AlarmType): ResourceType<void> {
  const alarm: ResourceType<void> = {
    type,
    honoured: ['AlarmName', 'AlarmDescription', 'ActionsEnabled', ...actionProperties, ...honoured],
    notEvaluated: ['Tags'],
    name: { property: 'AlarmName', maxLength: 255 },

    ref: (name) => name,
    attributes: (name, { region, accountId }) => ({
      Arn: localArn('cloudwatch', { region, accountId }, `alarm:${name}`),
    }),

    check,

    async create(resource, { alarms, place }) {
      const { name } = resource;
      await alarms.put(definition(name, alarm.attributes(name, place).Arn ?? '', describedHere(resource)));
    },
    async update(resource, _handle, context) {
      await alarm.create(resource, context);
    },
    async delete({ name }, _handle, { alarms }) {
      alarms.remove(name);
    },
  };
  return alarm;
}

/**
 * Locally an alarm can publish to topics.
 * @param isOther tells what else it can do
 */
export function checkActions(
  properties: Properties,
  isOther: (arn: string) => boolean = () => false,
): Finding[] {
  return actionProperties.flatMap((property) => {
    const others = ((properties[property] ?? []) as readonly unknown[]).filter(
      (arn) => !String(arn).startsWith('arn:aws:sns:') && !isOther(String(arn)),
    );
    return others.map((arn) => ({
      property,
      why: `${arn} is not run locally (actions that publish to a topic or scale a service are)`,
    }));
  });
}

const actionProperties = ['AlarmActions', 'OKActions', 'InsufficientDataActions'];
