/**
 * The warnings in what a CDK app prints, a line each. What the CDK prints around them (the line of the construct, its stack,
 * how to acknowledge it, where the report is) is for who writes constructs; any other line stays as it is.
 */
export function synthWarnings(output: string): string {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '' && !aroundWarnings.some((pattern) => pattern.test(line)))
    .map((line) => line.replace(/^(WARNING .*) \(Annotation\)$/, '$1'))
    .join('\n');
}

const aroundWarnings = [
  /^(file:)?\S+\.[cm]?[jt]s:\d+:\d+$/,
  /^ {3}\S+ aws-cdk-lib\.\w+$/,
  /^ {3}Acknowledge with '/,
  /^A copy of this report can be found in: /,
];
