/** The two largest units of a length of time: `3d 4h`, `12m 5s`, `0s`. */
export function lengthOfTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const amounts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3_600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's'],
  ] as const;
  const first = amounts.findIndex(([amount]) => amount > 0);
  const shown = first < 0 ? amounts.slice(-1) : amounts.slice(first, first + 2);
  return shown
    .filter(([amount], index) => index === 0 || amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
}
