import type { AlarmStateValue } from './alarmDefinition.ts';

/** A parsed `AlarmRule`. */
export type CompositeRule =
  | { readonly is: 'constant'; readonly value: boolean }
  | { readonly is: 'state'; readonly alarm: string; readonly state: AlarmStateValue }
  | { readonly is: 'not'; readonly of: CompositeRule }
  | { readonly is: 'and' | 'or'; readonly of: readonly CompositeRule[] };

/**
 * Parses a composite alarm's rule: `ALARM("name")`, `OK(…)`, `INSUFFICIENT_DATA(…)`, `TRUE`, `FALSE`, `NOT`, `AND`,
 * `OR` and parentheses; NOT binds tighter than AND, AND tighter than OR. An alarm is given by its name or ARN, quoted
 * or not. Throws an Error that says at which word it failed.
 */
export function parseCompositeRule(text: string): CompositeRule {
  const tokens = tokensOf(text);
  let position = 0;
  const rule = parseOr();
  if (position < tokens.length) throw unexpected('the end');
  return rule;

  function parseOr(): CompositeRule {
    return parseSeries('or', 'OR', parseAnd);
  }

  function parseAnd(): CompositeRule {
    return parseSeries('and', 'AND', parseNot);
  }

  function parseSeries(is: 'and' | 'or', word: string, parsePart: () => CompositeRule): CompositeRule {
    const parts = [parsePart()];
    while (accept(word)) parts.push(parsePart());
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { is, of: parts };
  }

  function parseNot(): CompositeRule {
    return accept('NOT') ? { is: 'not', of: parseNot() } : parsePrimary();
  }

  function parsePrimary(): CompositeRule {
    if (accept('(')) {
      const inner = parseOr();
      expect(')');
      return inner;
    }
    if (accept('TRUE')) return { is: 'constant', value: true };
    if (accept('FALSE')) return { is: 'constant', value: false };
    const state = (['ALARM', 'OK', 'INSUFFICIENT_DATA'] as const).find(accept);
    if (state === undefined) throw unexpected('ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE, NOT or (');
    return { is: 'state', alarm: parseAlarmName(), state };
  }

  function parseAlarmName(): string {
    expect('(');
    const name = tokens[position++] ?? '';
    expect(')');
    const unquoted = name.startsWith('"') ? name.slice(1, -1) : name;
    return unquoted.startsWith('arn:') ? unquoted.replace(/^.*:alarm:/, '') : unquoted;
  }

  function accept(token: string): boolean {
    if (tokens[position]?.toUpperCase() !== token) return false;
    position += 1;
    return true;
  }

  function expect(token: string): void {
    if (!accept(token)) throw unexpected(token);
  }

  function unexpected(wanted: string): Error {
    return new Error(`AlarmRule: expected ${wanted}, got ${tokens[position] ?? 'the end'} in: ${text}`);
  }
}

/** Whether the rule holds, given the state of each alarm it names. */
export function ruleHolds(rule: CompositeRule, stateOf: (alarm: string) => AlarmStateValue): boolean {
  switch (rule.is) {
    case 'constant':
      return rule.value;
    case 'state':
      return stateOf(rule.alarm) === rule.state;
    case 'not':
      return !ruleHolds(rule.of, stateOf);
    case 'and':
      return rule.of.every((part) => ruleHolds(part, stateOf));
    case 'or':
      return rule.of.some((part) => ruleHolds(part, stateOf));
  }
}

/** The names of all alarms in a rule. */
export function alarmsOfRule(rule: CompositeRule): string[] {
  switch (rule.is) {
    case 'constant':
      return [];
    case 'state':
      return [rule.alarm];
    case 'not':
      return alarmsOfRule(rule.of);
    case 'and':
    case 'or':
      return [...new Set(rule.of.flatMap(alarmsOfRule))];
  }
}

/** Parentheses, quoted strings (which may hold anything), and words. */
function tokensOf(text: string): string[] {
  return text.match(/[()]|"[^"]*"|[^\s()"]+/g) ?? [];
}
