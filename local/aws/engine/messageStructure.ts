import { EngineError } from './errors.ts';

/** What each protocol's subscriptions get; `default` those of all others. */
export interface ProtocolMessages {
  readonly default: string;
  readonly [protocol: string]: string;
}

/**
 * The messages of a publish with `MessageStructure: json`. Keys whose values are no strings are ignored, as SNS does.
 * @throws {EngineError} InvalidParameter
 */
export function protocolMessages(message: string): ProtocolMessages {
  const entries = Object.entries(structureOf(message)).filter(([, text]) => typeof text === 'string');
  const messages = Object.fromEntries(entries) as Record<string, string>;
  const { default: text } = messages;
  if (text === undefined) throw invalid('No default entry in JSON message body');
  return { ...messages, default: text };
}

function structureOf(message: string): object {
  try {
    const structure: unknown = JSON.parse(message);
    if (typeof structure === 'object' && structure !== null && !Array.isArray(structure)) return structure;
  } catch {
    // said below
  }
  throw invalid('JSON message body failed to parse');
}

function invalid(reason: string): EngineError {
  return new EngineError('InvalidParameter', `Invalid parameter: Message Structure - ${reason}`);
}
