import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** CDK modules that are loaded at first use: they take as long as all others together, and most platforms need none. */
export function ec2(): typeof import('aws-cdk-lib/aws-ec2') {
  return load('aws-cdk-lib/aws-ec2');
}

export function ecs(): typeof import('aws-cdk-lib/aws-ecs') {
  return load('aws-cdk-lib/aws-ecs');
}

export function ecrAssets(): typeof import('aws-cdk-lib/aws-ecr-assets') {
  return load('aws-cdk-lib/aws-ecr-assets');
}

export function autoScaling(): typeof import('aws-cdk-lib/aws-applicationautoscaling') {
  return load('aws-cdk-lib/aws-applicationautoscaling');
}

export function apiGateway(): typeof import('aws-cdk-lib/aws-apigatewayv2') {
  return load('aws-cdk-lib/aws-apigatewayv2');
}
