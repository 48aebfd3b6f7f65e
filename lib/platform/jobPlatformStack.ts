import { Annotations, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { topicExportName } from '../../src/names.ts';
import { JobPlatform, type JobPlatformProps } from './jobPlatform.ts';
import { resourceNames } from './resourceNames.ts';

export interface JobPlatformStackProps extends StackProps, JobPlatformProps {
  /**
   * What discovery and bundling had to say; shown by `cdk synth`.
   * @default none
   */
  readonly warnings?: readonly string[];
}

/** A platform in a stack of its own, called `<platform>-<stage>` where no other name is given. */
export class JobPlatformStack extends Stack {
  readonly platform: JobPlatform;

  constructor(scope: Construct, id: string, { warnings = [], ...props }: JobPlatformStackProps) {
    const { topic: stackName } = resourceNames(props);
    super(scope, id, { stackName, description: `Background jobs: the platform ${stackName}`, ...props });
    this.platform = new JobPlatform(this, 'Jobs', props);
    this.#addOutputs();
    for (const warning of warnings) Annotations.of(this).addWarningV2('serverless-jobs:job-files', warning);
  }

  #addOutputs(): void {
    const { topic, alarmTopic, filesBucket, api, names } = this.platform;
    new CfnOutput(this, 'TopicArn', {
      value: topic.topicArn,
      description: 'The topic that jobs are published to',
      exportName: topicExportName(names.topic),
    });
    new CfnOutput(this, 'AlarmTopicArn', {
      value: alarmTopic.topicArn,
      description: 'The topic that alarms are published to',
    });
    new CfnOutput(this, 'FilesBucket', {
      value: filesBucket.bucketName,
      description: 'The bucket of uploads, results and payloads too large for the topic',
    });
    if (api === undefined) return;
    new CfnOutput(this, 'ApiUrl', { value: api.url, description: 'The API of the jobs that track' });
  }
}
