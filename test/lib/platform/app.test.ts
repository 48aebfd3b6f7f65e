import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { alarmEmails, contextKeys, contextWarnings } from '../../../lib/platform/app.ts';
import { SynthError } from '../../../lib/platform/synthError.ts';
import { jobFile, repository, temporaryProject, writeFiles } from '../project.ts';

/** The real app and the real CDK CLI in a project of its own. */
function project(files: Record<string, string>): string {
  const { context } = JSON.parse(readFileSync(join(repository, 'cdk.json'), 'utf8'));
  const app = `${JSON.stringify(process.execPath)} ${JSON.stringify(join(repository, 'bin/app.ts'))}`;
  return temporaryProject({
    'cdk.json': JSON.stringify({ app, versionReporting: false, context }),
    ...files,
  });
}

function start(script: 'app' | 'synth', root: string, options: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const file = join(repository, `bin/${script}.ts`);
  const { ALARM_EMAIL: _, ...environment } = process.env;
  return spawnSync(process.execPath, [file, ...options], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...environment,
      CDK_VALIDATION: 'false',
      CDK_OUTDIR: join(root, 'out'),
      ...env,
    },
  });
}

function template(root: string, stack: string, directory = 'cdk.out') {
  return JSON.parse(readFileSync(join(root, directory, `${stack}.template.json`), 'utf8'));
}

// biome-ignore lint/suspicious/noExplicitAny: a CloudFormation template is looked into freely
function resourcesOfType(from: any, type: string): any[] {
  // biome-ignore lint/suspicious/noExplicitAny: see above
  return Object.values(from.Resources).filter((resource: any) => resource.Type === type);
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function emailsOf(from: any): string[] {
  return resourcesOfType(from, 'AWS::SNS::Subscription')
    .filter(({ Properties }) => Properties.Protocol === 'email')
    .map(({ Properties }) => Properties.Endpoint);
}

describe('the app', () => {
  test('says everything that is wrong without a stack trace, exits 1 and writes nothing', () => {
    const root = project({
      'src/jobs/A.ts': jobFile("timeout: '20m', run() {}"),
      'src/jobs/B.ts': jobFile('timeout: {{'),
      'src/jobs/C.ts': `const length = process.env.NO_SUCH_TABLE.length;\n${jobFile('run() {}')}`,
      'src/jobs/D.ts': "import './missing.ts';",
    });
    const { status, stdout, stderr } = start('app', root);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^The jobs cannot be synthesized: 4 problems\. Nothing was written\./);
    expect(stderr).toMatch(/src\/jobs\/A\.ts\n {2}timeout: given '20m'; allowed: 1s to 15m/);
    expect(stderr).toMatch(/src\/jobs\/B\.ts\n {2}import: .*SyntaxError: .*\(line 3\)/);
    expect(stderr).toMatch(/src\/jobs\/C\.ts\n {2}import: .*TypeError: .*\(line 1\)/);
    expect(stderr).toMatch(/src\/jobs\/D\.ts\n {2}import: .*Cannot find module.*\n.*correct the path/);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(readdirSync(join(root, 'out'))).toEqual([]);
    expect(existsSync(join(root, 'src/jobs.generated.ts'))).toBe(false);
    expect(existsSync(join(root, '.cache'))).toBe(false);
  });

  test.each([
    [
      'a promise that rejects',
      "Promise.reject(new Error('no table'));",
      /which fails: Error: no table \(line 1\)/,
    ],
    [
      'a timer that throws',
      "setTimeout(() => { throw new Error('no table'); });",
      /Error: no table \(line 1\)/,
    ],
    ['a request that fails', "fetch('http://127.0.0.1:1');", /TypeError: fetch failed \(line 1\)/],
    ['an end of the process', 'process.exit(0);', /calls process\.exit\(\) when it is loaded \(line 1\)/],
  ])('names the file that begins something when it is loaded: %s', (_what, line, given) => {
    const root = project({ 'src/jobs/A.ts': `${line}\n${jobFile('run() {}')}` });
    const { status, stderr } = start('app', root);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^The jobs cannot be synthesized: 1 problem\..*\n\nsrc\/jobs\/A\.ts\n {2}import: /,
    );
    expect(stderr).toMatch(given);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(existsSync(join(root, 'src/jobs.generated.ts'))).toBe(false);
  });

  test('shows what failed where nothing tells the file', () => {
    const root = project({ 'src/jobs/A.ts': `Promise.reject(7);\n${jobFile('run() {}')}` });
    const { status, stderr } = start('app', root);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^Something failed that no code waits for: 7\n/),
    ]);
  });

  test('a bundle that must not ship: no types, no output', () => {
    const root = project({
      'lib/secret.ts': 'export const secret = 1;',
      'src/jobs/A.ts': jobFile('run() { return secret; }', "import { secret } from '../../lib/secret.ts';"),
    });
    const { status, stderr } = start('app', root);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^A's bundle would carry lib\/secret\.ts/);
    expect(readdirSync(join(root, 'out'))).toEqual([]);
    expect(existsSync(join(root, 'src/jobs.generated.ts'))).toBe(false);
  });

  test('takes the alarm e-mail addresses from the environment where no context is given', () => {
    const root = project({ 'src/jobs/A.ts': jobFile('run() {}') });
    expect(start('app', root, [], { ALARM_EMAIL: 'a@x.com,b@y.com' }).status).toBe(0);
    expect(emailsOf(template(root, 'jobs-dev', 'out'))).toEqual(['a@x.com', 'b@y.com']);
    writeFiles(root, { 'src/jobs/B.ts': jobFile('run() {}') });
    const { status, stderr } = start('app', root, [], { ALARM_EMAIL: 'nobody' });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^'nobody' in the alarm e-mail addresses/)]);
    expect(readFileSync(join(root, 'src/jobs.generated.ts'), 'utf8')).not.toContain('B.ts');
  });
});

test('the app takes who may call the API from the context; its function has src/api and its pages', () => {
  const root = project({
    'src/jobs/A.ts': jobFile('track: true, maxAttempts: 2, run() {}'),
    'src/tracking/tracker.ts': 'export const dynamoTracker = () => ({});',
    'src/api/index.ts': 'export const createApiHandler = (jobs: unknown) => () => jobs;',
    'src/api/pages/upload.html': '<title>Upload</title>',
  });
  const synthesize = (context: Record<string, string>) =>
    start('app', root, [], { CDK_CONTEXT_JSON: JSON.stringify(context) });
  const apiJwtIssuer = 'https://id.example.com';
  const refused = synthesize({ apiJwtIssuer });
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/^There is apiJwtIssuer but no apiJwtAudience/),
  ]);

  const apiOrigins = 'https://app.example.com,http://localhost:5173';
  expect(synthesize({ apiJwtIssuer, apiJwtAudience: 'a,b', apiOrigins }).status).toBe(0);
  const synthesized = template(root, 'jobs-dev', 'out');
  const [authorizer] = resourcesOfType(synthesized, 'AWS::ApiGatewayV2::Authorizer');
  expect(authorizer.Properties.JwtConfiguration).toEqual({ Issuer: apiJwtIssuer, Audience: ['a', 'b'] });
  const [api] = resourcesOfType(synthesized, 'AWS::ApiGatewayV2::Api');
  expect(api.Properties.CorsConfiguration.AllowOrigins).toEqual(apiOrigins.split(','));

  const lambdas = resourcesOfType(synthesized, 'AWS::Lambda::Function');
  const { Code } = lambdas.find(({ Properties }) => Properties.FunctionName === 'jobs-dev-api').Properties;
  const { files } = JSON.parse(readFileSync(join(root, 'out/jobs-dev.assets.json'), 'utf8'));
  const asset = join(root, 'out', files[Code.S3Key.replace('.zip', '')].source.path);
  expect(readFileSync(join(asset, 'index.mjs'), 'utf8')).toContain('maxAttempts');
  expect(readFileSync(join(asset, 'pages/upload.html'), 'utf8')).toContain('Upload');
});

describe('npm run synth', () => {
  test('writes the assembly with the bundles in it, the types, and the warnings on the terminal', () => {
    const root = project({
      'src/jobs/A.ts': jobFile("run() { return 'in the bundle'; }"),
      'src/jobs/notes.ts': 'export const text = 1;',
    });
    const options = ['-c', 'stage=prod', '-c', 'alarmEmail=a@x.com', '-c', 'platfrom=shop'];
    const { status, stdout, stderr } = start('synth', root, options, { ALARM_EMAIL: 'b@y.com' });
    expect(stdout).toBe('Written: cdk.out/jobs-prod.template.json\n');
    expect(stderr).toMatch(/Nothing reads 'platfrom' .*Did you mean platform\?/);
    expect(stderr).toContain('src/jobs/notes.ts has no default export, so it gets no resources');
    expect(status).toBe(0);
    expect(readFileSync(join(root, 'src/jobs.generated.ts'), 'utf8')).toContain('  A: typeof A;');

    expect(emailsOf(template(root, 'jobs-prod'))).toEqual(['a@x.com']);
    const [lambda] = resourcesOfType(template(root, 'jobs-prod'), 'AWS::Lambda::Function');
    expect(lambda.Properties.FunctionName).toBe('jobs-prod-A');
    const { files } = JSON.parse(readFileSync(join(root, 'cdk.out/jobs-prod.assets.json'), 'utf8'));
    const { path, packaging } = files[lambda.Properties.Code.S3Key.replace('.zip', '')].source;
    expect(packaging).toBe('zip');
    expect(readdirSync(join(root, 'cdk.out', path)).toSorted()).toEqual(['index.mjs', 'index.mjs.map']);
    expect(readFileSync(join(root, 'cdk.out', path, 'index.mjs'), 'utf8')).toContain('in the bundle');
    const { JOB_CODE_VERSION } = lambda.Properties.Environment.Variables;
    expect(JOB_CODE_VERSION).toMatch(/^[0-9a-f]{16}$/);
    expect(lambda.Properties.Code.S3Key).toBe(`${JOB_CODE_VERSION}.zip`);
    expect(JSON.stringify(template(root, 'jobs-prod'))).not.toContain(root);
  });

  test('a failed one keeps the old assembly and leaves nothing beside it; the next one replaces it', () => {
    const root = project({
      'src/jobs/A.ts': jobFile('run() {}'),
      'src/jobs/B.ts': jobFile(''),
      'cdk.out/manifest.json': 'the old one',
      'cdk.out/mark': '',
    });
    const { status, stderr } = start('synth', root);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/src\/jobs\/B\.ts\n {2}run: given nothing; allowed: a function/);
    expect(readFileSync(join(root, 'cdk.out/manifest.json'), 'utf8')).toBe('the old one');
    expect(existsSync(join(root, 'cdk.out/mark'))).toBe(true);

    writeFiles(root, { 'src/jobs/B.ts': jobFile('run() {}') });
    expect(start('synth', root).status).toBe(0);
    expect(resourcesOfType(template(root, 'jobs-dev'), 'AWS::Lambda::Function')).toHaveLength(2);
    expect(existsSync(join(root, 'cdk.out/mark'))).toBe(false);
    expect(readdirSync(root).filter((name) => name.startsWith('cdk.out'))).toEqual(['cdk.out']);
  });
});

describe('the alarm e-mail addresses', () => {
  test.each([
    ['', []],
    ['a@x.com', ['a@x.com']],
    [' a@x.com , b@y.co.uk,', ['a@x.com', 'b@y.co.uk']],
    ['a@x.com,A@X.com,a@x.com', ['a@x.com']],
    ["o'hara+jobs@mail.x-y.com", ["o'hara+jobs@mail.x-y.com"]],
  ])('%j', (list, addresses) => {
    expect(alarmEmails(list).map((address) => address.toLowerCase())).toEqual(addresses);
  });

  test.each(['a', 'a@b', 'a b@x.com', 'a@x.com;b@y.com', '@x.com', 'a/b@x.com', 'a@x..com'])(
    '%j is refused',
    (list) => {
      expect(() => alarmEmails(list)).toThrow(SynthError);
      expect(() => alarmEmails(`ok@x.com,${list}`)).toThrow(`'${list}' in the alarm e-mail addresses`);
    },
  );
});

describe('a warning of the context', () => {
  test('of a key that nothing reads: it names what was most likely meant, or all keys', () => {
    expect(contextWarnings(['stge', 'alarmEmails', 'color'])).toEqual([
      "Nothing reads 'stge' of the context (-c stge=…, cdk.json). Did you mean stage?",
      "Nothing reads 'alarmEmails' of the context (-c alarmEmails=…, cdk.json). Did you mean alarmEmail?",
      "Nothing reads 'color' of the context (-c color=…, cdk.json). " +
        'What is read: platform, stage, alarmEmail, apiJwtIssuer, apiJwtAudience, apiOrigins.',
    ]);
  });

  test('of no key that the app reads, cdk.json sets or the CDK knows', () => {
    const { context } = JSON.parse(readFileSync(join(repository, 'cdk.json'), 'utf8'));
    const lookups = ['availability-zones:account=1:region=eu-west-1', 'aws:cdk:enable-path-metadata'];
    expect(contextWarnings([...contextKeys, ...Object.keys(context), ...lookups])).toEqual([]);
  });
});
