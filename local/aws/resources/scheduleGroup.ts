import { groupArn } from '../scheduler/scheduler.ts';
import type { ResourceType } from './resourceType.ts';

export const scheduleGroup: ResourceType<void> = {
  type: 'AWS::Scheduler::ScheduleGroup',
  honoured: ['Name'],
  notEvaluated: ['Tags'],
  name: { property: 'Name', maxLength: 64 },

  ref: (name) => name,
  attributes: (name, place) => ({ Arn: groupArn(name, place), State: 'ACTIVE' }),

  async create({ name }, { scheduler }) {
    scheduler.createGroup(name);
  },

  async update() {
    // Tags alone can change.
  },

  async delete({ name }, _handle, { scheduler }) {
    scheduler.deleteGroup(name);
  },
};
