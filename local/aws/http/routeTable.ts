import { decoded } from './requestEvent.ts';

/** A route of an HTTP API, by its key: `GET /jobs/{jobId}`, `ANY /{proxy+}`, `$default`. */
export interface Route {
  readonly routeKey: string;
}

interface RouteMatch<R extends Route> {
  readonly route: R;
  /** Of the key's variables, decoded. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** Whether a text can be a route's key. */
export function isRouteKey(key: string): boolean {
  return key === '$default' || /^[A-Z]+ \/(?!.*\{[^/]*\+\}\/)([^{}]|\{[^{}/]+\})*$/.test(key);
}

/**
 * The route that API Gateway would choose: the most specific path, the method before ANY, `$default` last
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html).
 * @param path still encoded
 */
export function matchRoute<R extends Route>(
  routes: Iterable<R>,
  method: string,
  path: string,
): RouteMatch<R> | undefined {
  let best: { match: RouteMatch<R>; rank: string } | undefined;
  for (const route of routes) {
    const found = route.routeKey === '$default' ? lastResort : ranked(route.routeKey, method, path);
    if (!found || (best && best.rank <= found.rank)) continue;
    best = { match: { route, pathParameters: found.pathParameters }, rank: found.rank };
  }
  return best?.match;
}

const lastResort = { rank: '9', pathParameters: {} };

/** The lower the rank the better: a digit for each segment (0 as it is, 1 a variable, 2 greedy), then the method. */
function ranked(routeKey: string, method: string, path: string) {
  const [routeMethod, routePath = ''] = routeKey.split(' ');
  if (routeMethod !== method && routeMethod !== 'ANY') return undefined;
  const given = path.split('/').slice(1);
  const pathParameters: Record<string, string> = {};
  let rank = '';
  const wanted = routePath.split('/').slice(1);
  for (const [i, segment] of wanted.entries()) {
    const [, name, greedy] = /^\{([^+}]+)(\+?)\}$/.exec(segment) ?? [];
    const value = given[i];
    if (value === undefined) return undefined;
    if (name === undefined) {
      if (segment !== value) return undefined;
      rank += '0';
    } else {
      const rest = greedy ? given.slice(i).join('/') : value;
      if (rest === '') return undefined;
      pathParameters[name] = decoded(rest);
      rank += greedy ? '2' : '1';
      if (greedy) return { rank: `${rank}${methodRank(routeMethod)}`, pathParameters };
    }
  }
  return given.length === wanted.length
    ? { rank: `${rank}${methodRank(routeMethod)}`, pathParameters }
    : undefined;
}

function methodRank(method: string): string {
  return method === 'ANY' ? '1' : '0';
}
