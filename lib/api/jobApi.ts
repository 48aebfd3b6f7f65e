import {
  FunctionUrlAuthType,
  HttpMethod,
  InvokeMode,
  type Function as LambdaFunction,
} from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { alarmName, functionLogGroup } from '../../src/names.ts';
import { eachMinute, notify, PlatformAlarm } from '../platform/platformAlarm.ts';
import { type ApiFunctionProps, apiFunction } from './apiFunction.ts';
import type { JobApiOptions } from './apiOptions.ts';
import { apiCors, httpApi } from './httpApi.ts';

interface JobApiProps extends Omit<ApiFunctionProps, 'auth'> {
  /** Who may call it, and from which websites. */
  readonly options: JobApiOptions;
  readonly alarmTopic: ITopic;
}

/**
 * The API of the jobs that track: schedules them, tells their state, progress and result, cancels them. Behind a
 * function URL that takes signed requests only; where tokens are asked for, behind an HTTP API that checks them.
 */
export class JobApi extends Construct {
  /** Where it is. A client strips a slash at the end. */
  readonly url: string;
  /** Behind a function URL `api.function.grantInvokeUrl(backEnd)` lets a role of yours call it. */
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: JobApiProps) {
    super(scope, id);
    const { names, options, logRetention } = props;
    const { jwt, origins = [] } = options;
    const handler = apiFunction(this, { ...props, auth: jwt === undefined ? 'iam' : 'jwt' });
    this.function = handler;
    this.url =
      jwt === undefined
        ? functionUrl(handler, origins)
        : httpApi(this, { name: names.api, handler, jwt, origins, logRetention });
    addErrorAlarm(this, handler, props);
  }
}

/** Answers stream through it, so a page can follow a job by one request. */
function functionUrl(handler: LambdaFunction, origins: readonly string[]): string {
  const { url } = handler.addFunctionUrl({
    authType: FunctionUrlAuthType.AWS_IAM,
    invokeMode: InvokeMode.RESPONSE_STREAM,
    ...(origins.length === 0
      ? {}
      : {
          cors: {
            allowedOrigins: [...origins],
            allowedMethods: apiCors.methods.map((method) => HttpMethod[method]),
            allowedHeaders: [...apiCors.requestHeaders],
            exposedHeaders: [...apiCors.responseHeaders],
            maxAge: apiCors.maxAge,
          },
        }),
  });
  return url;
}

/** A request that the function answers, by a fault of the caller or its own, is no error of the function. */
function addErrorAlarm(scope: Construct, handler: LambdaFunction, { names, alarmTopic }: JobApiProps): void {
  const alarm = new PlatformAlarm(scope, 'ErrorAlarm', {
    alarmName: alarmName(names.api, 'errors'),
    description:
      `The API of the platform ${names.topic} failed: its function ${names.api} did not start, timed out or crashed, ` +
      `and callers got a 5xx. The reason is in the log group ${functionLogGroup(names.api)}. Jobs that were scheduled ` +
      'before are not affected.',
    metric: handler.metricErrors({ period: eachMinute, statistic: 'Sum' }),
    threshold: 1,
  });
  notify(alarmTopic, alarm);
}
