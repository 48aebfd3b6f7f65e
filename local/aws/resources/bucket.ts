import type { LifecycleRule } from '../engine/bucketLifecycle.ts';
import type { BucketConfig } from '../engine/buckets.ts';
import { corsRule } from '../http/cors.ts';
import type { Finding, Properties, ResourceType } from './resourceType.ts';

export const bucket: ResourceType<void> = {
  type: 'AWS::S3::Bucket',
  honoured: ['BucketName', 'CorsConfiguration', 'LifecycleConfiguration'],
  notEvaluated: [
    'AccessControl',
    'BucketEncryption',
    'IntelligentTieringConfigurations',
    'InventoryConfigurations',
    'LoggingConfiguration',
    'MetricsConfigurations',
    'OwnershipControls',
    'PublicAccessBlockConfiguration',
    'Tags',
  ],
  name: { property: 'BucketName', maxLength: 63, made: (text) => text.toLowerCase().replace(/-+$/, '') },

  ref: (name) => name,
  attributes: (name, { endpoint }) => {
    const DomainName = `${name}.localhost:${new URL(endpoint).port}`;
    return {
      Arn: `arn:aws:s3:::${name}`,
      DomainName,
      RegionalDomainName: DomainName,
      DualStackDomainName: DomainName,
    };
  },

  check: ({ properties }) => checkLifecycle(properties),

  async create({ name, properties }, { engine }) {
    engine.buckets.put(name, configOf(properties));
  },

  async update({ name, properties }, _handle, { engine }) {
    engine.buckets.put(name, configOf(properties));
  },

  async delete({ name }, _handle, { engine }) {
    engine.buckets.delete(name);
  },
};

function configOf({ CorsConfiguration, LifecycleConfiguration }: Properties): BucketConfig {
  const cors = listOf(CorsConfiguration, 'CorsRules').flatMap((rule) => {
    const { AllowedOrigins, AllowedMethods, AllowedHeaders, ExposedHeaders, MaxAge } = rule;
    const named = {
      AllowOrigins: AllowedOrigins,
      AllowMethods: AllowedMethods,
      AllowHeaders: AllowedHeaders,
    };
    return corsRule({ ...named, ExposeHeaders: ExposedHeaders, MaxAge }) ?? [];
  });
  const rules = listOf(LifecycleConfiguration, 'Rules').filter((rule) => rule.Status === 'Enabled');
  return { cors, lifecycle: rules.filter(isHonoured).map(lifecycleRule) };
}

function lifecycleRule(rule: Properties): LifecycleRule {
  const { Prefix, ExpirationInDays, AbortIncompleteMultipartUpload } = rule;
  const { DaysAfterInitiation } = (AbortIncompleteMultipartUpload ?? {}) as Properties;
  return {
    prefix: String(Prefix ?? ''),
    expirationDays: optionalNumber(ExpirationInDays),
    abortUploadsAfterDays: optionalNumber(DaysAfterInitiation),
  };
}

const honouredInRules = ['Id', 'Status', 'Prefix', 'ExpirationInDays', 'AbortIncompleteMultipartUpload'];

/** A rule with more in it may be narrower than its prefix: it would delete what it must not. */
function isHonoured(rule: Properties): boolean {
  return Object.keys(rule).every((name) => honouredInRules.includes(name));
}

function checkLifecycle({ LifecycleConfiguration }: Properties): Finding[] {
  const rules = listOf(LifecycleConfiguration, 'Rules').filter((rule) => !isHonoured(rule));
  return rules.map((rule) => {
    const names = Object.keys(rule).filter((name) => !honouredInRules.includes(name));
    return {
      property: 'LifecycleConfiguration',
      why: `a rule with ${names.join(', ')} is not honoured locally (${honouredInRules.join(', ')} are)`,
    };
  });
}

function listOf(owner: unknown, name: string): Properties[] {
  const list = ((owner ?? {}) as Properties)[name];
  return Array.isArray(list) ? list : [];
}

function optionalNumber(value: unknown): number | undefined {
  return value === undefined ? undefined : Number(value);
}
