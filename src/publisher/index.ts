export {
  InvalidAttributeError,
  InvalidGroupError,
  InvalidJobNameError,
  MessageTooLargeError,
  NotSerializableError,
  PublishError,
  PublishFailedError,
  TooManyAttributesError,
  UnnamedJobError,
} from './errors.ts';
export type { JobName, PayloadFor, Published, PublishItem, PublishOptions, PublishResult } from './item.ts';
export { createPublisher, type Publisher, type PublisherOptions, type PublishProgress } from './publisher.ts';
