import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import { Validations } from 'aws-cdk-lib/core';
import { Construct, type IDependable } from 'constructs';
import { ec2, ecs } from './lazyModules.ts';

interface WorkerClusterProps {
  readonly clusterName: string;
  /** @default a VPC of its own, with two public subnets and no NAT gateway */
  readonly vpc?: IVpc | undefined;
}

/** Where the platform's Fargate jobs run: one cluster, one network, one security group without inbound rules. */
export class WorkerCluster extends Construct {
  readonly clusterName: string;
  readonly cluster: ICluster;
  readonly securityGroup: ISecurityGroup;
  readonly subnets: SubnetSelection;
  /** Tasks in a public subnet need a public address to reach AWS; tasks in a private subnet go through its NAT gateway. */
  readonly assignPublicIp: boolean;
  /** What a service has to wait for: its cluster has Fargate's capacity providers, its subnets have a way out. */
  readonly ready: readonly IDependable[];

  constructor(scope: Construct, id: string, { clusterName, vpc = newVpc(scope) }: WorkerClusterProps) {
    super(scope, id);
    this.clusterName = clusterName;
    // The casts are needed because the CDK's classes do not fit its interfaces under exactOptionalPropertyTypes.
    this.cluster = new (ecs().Cluster)(this, 'Cluster', { clusterName, vpc }) as ICluster;
    const capacityProviders = new (ecs().CfnClusterCapacityProviderAssociations)(this, 'CapacityProviders', {
      cluster: this.cluster.clusterName,
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategy: [],
    });
    this.securityGroup = new (ec2().SecurityGroup)(this, 'SecurityGroup', {
      vpc,
      description: 'Workers: nothing comes in',
      allowAllOutbound: true,
    });
    const { SubnetType } = ec2();
    this.assignPublicIp = vpc.privateSubnets.length === 0;
    this.subnets = { subnetType: this.assignPublicIp ? SubnetType.PUBLIC : SubnetType.PRIVATE_WITH_EGRESS };
    this.ready = [capacityProviders, vpc.selectSubnets(this.subnets).internetConnectivityEstablished];
    Validations.of(this.cluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason: "Container Insights is billed for each task; scaling and alarms go by the queue's metrics.",
    });
  }
}

/**
 * Public subnets cost nothing; a NAT gateway costs over 30 USD a month. The default security group stays as AWS makes it:
 * nothing uses it, and the CDK would need a function of its own to empty it.
 */
function newVpc(scope: Construct): IVpc {
  const { SubnetType, Vpc } = ec2();
  const vpc = new Vpc(scope, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'Public', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
    restrictDefaultSecurityGroup: false,
  });
  Validations.of(vpc).acknowledge({
    id: 'AwsSolutions-VPC7',
    reason:
      'Nothing listens in it; flow logs would record workers calling AWS. Give a VPC of your own to have them.',
  });
  return vpc as IVpc;
}
