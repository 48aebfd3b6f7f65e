import type { NotEvaluatedType, Place } from './resourceType.ts';
import { localArn } from './resourceType.ts';

/**
 * What a template needs on AWS and one machine does not: permissions, keys, log groups, parameters, networks. The tests hold
 * the permissions to the template instead.
 */
export const notEvaluated: readonly NotEvaluatedType[] = [
  accepted('AWS::SQS::QueuePolicy'),
  accepted('AWS::SNS::TopicPolicy'),
  accepted('AWS::S3::BucketPolicy'),
  accepted('AWS::Lambda::Permission'),
  accepted('AWS::ApiGatewayV2::Deployment'),
  accepted('AWS::IAM::Policy'),
  accepted('AWS::IAM::ManagedPolicy', undefined, 'iam:policy'),
  accepted('AWS::IAM::Role', 'RoleName', 'iam:role'),
  accepted('AWS::KMS::Key', undefined, 'kms:key'),
  accepted('AWS::KMS::Alias', 'AliasName'),
  accepted('AWS::SSM::Parameter', 'Name', 'ssm:parameter'),
  accepted('AWS::Logs::LogGroup', 'LogGroupName', 'logs:log-group'),
  accepted('AWS::ECS::Cluster', 'ClusterName', 'ecs:cluster'),
  accepted('AWS::ECS::ClusterCapacityProviderAssociations'),
  accepted('AWS::EC2::VPC', undefined, 'ec2:vpc'),
  accepted('AWS::EC2::Subnet', undefined, 'ec2:subnet'),
  accepted('AWS::EC2::RouteTable'),
  accepted('AWS::EC2::SubnetRouteTableAssociation'),
  accepted('AWS::EC2::Route'),
  accepted('AWS::EC2::InternetGateway'),
  accepted('AWS::EC2::VPCGatewayAttachment'),
  accepted('AWS::EC2::NatGateway'),
  accepted('AWS::EC2::EIP'),
  accepted('AWS::EC2::FlowLog'),
  accepted('AWS::EC2::SecurityGroup', undefined, 'ec2:security-group'),
  accepted('AWS::EC2::SecurityGroupEgress'),
  accepted('AWS::EC2::SecurityGroupIngress'),
  accepted('AWS::CDK::Metadata'),
];

/** @param kind service and resource kind of its ARN: `iam:role` gives `arn:aws:iam:…:role/<name>` */
function accepted(type: string, nameProperty?: string, kind?: string): NotEvaluatedType {
  return {
    type,
    ...(nameProperty === undefined ? {} : { name: { property: nameProperty, maxLength: 512 } }),
    ref: (name) => name,
    attributes: (name, place) => ({
      Id: name,
      GroupId: name, // of a security group
      ...(kind === undefined ? {} : { Arn: arn(kind, name, place) }),
    }),
  };
}

function arn(kind: string, name: string, { region, accountId }: Place): string {
  const [service = '', resource] = kind.split(':');
  return localArn(service, { region: service === 'iam' ? '' : region, accountId }, `${resource}/${name}`);
}
