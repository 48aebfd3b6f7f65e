import { httpApiPart } from './httpApiPart.ts';
import type { Finding, Resource } from './resourceType.ts';

export const httpApiStage = httpApiPart({
  type: 'AWS::ApiGatewayV2::Stage',
  honoured: ['ApiId', 'StageName', 'AutoDeploy'],
  notEvaluated: [
    'AccessLogSettings',
    'DefaultRouteSettings',
    'DeploymentId',
    'Description',
    'RouteSettings',
    'Tags',
  ],

  check: (resource) => checkName(resource),

  put: ({ stages }, { properties }) => void stages.add(String(properties.StageName)),
  remove: ({ stages }, { properties }) => void stages.delete(String(properties.StageName)),
});

function checkName({ properties: { StageName } }: Resource): Finding[] {
  if (StageName === '$default') return [];
  return [{ property: 'StageName', why: `${StageName} does not run locally ($default does)`, refused: true }];
}
