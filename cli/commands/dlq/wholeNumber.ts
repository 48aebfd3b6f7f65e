import { CommandError } from '../../CommandError.ts';

/** Reads an option that is a whole number within bounds. */
export function wholeNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new CommandError(`${option} must be a whole number from ${min} to ${max}, was '${text}'`);
  };
}
