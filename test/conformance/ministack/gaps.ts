/** What MiniStack 1.5.33 does not do as AWS does it, and what is done about it. Nothing else is excused. */
export const gaps: readonly { readonly lacks: string; readonly so: string }[] = [
  {
    lacks: 'It asks IAM for actions that AWS has not, such as sqs:SendMessageBatch.',
    so: 'start_ministack.py makes it ask for the action of the call for a single message.',
  },
  {
    lacks: 'Its Node.js functions have no AWS SDK, which Lambda’s runtime carries.',
    so: 'The folder of @aws-sdk of this project lies above their code.',
  },
  {
    lacks: 'Its functions have no `awslambda`, so they cannot stream.',
    so: 'awslambda.cjs collects what the handler writes. That it streams is checked with AWS’s own runtime client.',
  },
  {
    lacks: 'A function URL’s event has no `authorizer.iam`.',
    so: 'awslambda.cjs adds it: MiniStack has checked the signature by then.',
  },
  {
    lacks: 'The host name of a function URL is in no DNS.',
    so: 'reachFunctionUrls.mjs sends the CLI’s requests to MiniStack, with that name as their Host.',
  },
  {
    lacks: 'A universal target of EventBridge Scheduler (aws-sdk:sns:publish) is dropped.',
    so: 'The check publishes what the schedule itself has as its input.',
  },
  {
    lacks: 'It has no message move tasks.',
    so: 'start_ministack.py answers that none runs. Left out: `jobs dlq redrive --all` of a job; by ID and by error is checked.',
  },
  {
    lacks: 'SQS reports no metrics to CloudWatch.',
    so: 'Left out: the state of alarms, and their e-mails.',
  },
];
