import { computeRows } from '#local/workflows/library/connector-rows-compute.ts';
import { dataRows } from '#local/workflows/library/connector-rows-data.ts';
import { serverlessRows } from '#local/workflows/library/connector-rows-serverless.ts';

/** How a connector learns that what it started has ended: see connector-waits.ts. */
const waitKinds = ['operation', 'status', 'state', 'dataflow', 'runs', 'ready', 'completed'] as const;
export type WaitKind = (typeof waitKinds)[number];

export interface Connector {
  /** `googleapis.` + this is what a workflow calls. */
  name: string;
  service: string;
  method: string;
  /**
   * `{name}` takes an argument as one segment, `{+name}` one whose slashes stay; both are required. `{name?}` must be
   * given, too, but only a run notices: Google deploys its sample that leaves it out.
   */
  path: string;
  /** Optional arguments that go into the query. */
  query: readonly string[];
  /** The argument that names the region of the host, as in `us-central1-run.googleapis.com`. */
  region: { name: string; required: boolean } | undefined;
  /** Undefined for a method that answers at once. */
  wait: WaitKind | undefined;
}

/**
 * Methods this runtime can reach, as in Google's discovery documents. A call of any other is refused at deployment.
 * https://docs.cloud.google.com/workflows/docs/reference/googleapis
 *
 * A line at the margin names a service, its version and the path all its methods share, then what they have in common:
 * `wait=KIND` of those that wait (`operation` unless told otherwise), `region=ARGUMENT` (with `?` when it is optional);
 * versions that stand one below the other have the same methods.
 * A line below it names a resource and its methods; one that is further in continues the line above. Without a path
 * methods are those of Google's API design guide, by `name` and `parent`; with one, those of its older APIs, where the
 * path is that of an item. A method is `NAME`, then any of
 * `*` (it waits; `*KIND` in a way of its own), `=VERB/PATH` (its request when it is not the usual one), `?QUERY,QUERY`.
 */
export const connectors: readonly Connector[] = [serverlessRows, dataRows, computeRows].flatMap(parseRows);

function parseRows(rows: string): Connector[] {
  const found: Connector[] = [];
  let heads: string[][] = [];
  let isBelow = false;
  for (const line of rows
    .trim()
    .replaceAll(/\n {4,}/g, ' ')
    .split('\n')) {
    const words = line.trim().split(/ +/);
    if (!line.startsWith(' ')) {
      heads = isBelow ? [words] : [...heads, words];
      isBelow = false;
      continue;
    }
    isBelow = true;
    const [resource = '', ...methods] = words;
    const item = methods[0]?.startsWith('/') === true ? methods.shift() : undefined;
    for (const head of heads) {
      for (const method of methods) found.push(connector(head, resource, item, method));
    }
  }
  return found;
}

function connector(
  [service = '', base = '', ...shared]: readonly string[],
  resource: string,
  item: string | undefined,
  text: string,
): Connector {
  const [, method, star, kind, given, query] =
    /^(\w+)(\*(\w*))?(?:=([A-Z]+\/\S*?))?(?:\?([\w,]+))?$/.exec(text) ?? [];
  if (method === undefined) throw new Error(`not a method of ${service}.${resource}: ${text}`);
  const usual = (item === undefined ? byName : byPath(item))(method, resource.split('.').at(-1) ?? '');
  const [request = '', usualQuery] = (given ?? usual).split(/\?(?=[\w,]+$)/);
  const slash = request.indexOf('/');
  const region = option(shared, 'region');
  return {
    name: `${service}.${resource}.${method}`,
    service: service.slice(0, service.indexOf('.')),
    method: request.slice(0, slash),
    path: `${base}${request.slice(slash)}`.replace(/\/$/, ''),
    query: (query ?? usualQuery)?.split(',') ?? [],
    region:
      region === undefined ? undefined : { name: region.replace('?', ''), required: !region.endsWith('?') },
    wait: star === undefined ? undefined : waitKind(kind || option(shared, 'wait') || 'operation'),
  };
}

function option(shared: readonly string[], name: string): string | undefined {
  return shared.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}

function waitKind(text: string): WaitKind {
  const kind = waitKinds.find((known) => known === text);
  if (kind === undefined) throw new Error(`not a way to wait: ${text}`);
  return kind;
}

/** https://cloud.google.com/apis/design/standard_methods */
function byName(method: string, collection: string): string {
  switch (method) {
    case 'get':
      return 'GET/{+name}';
    case 'list':
      return `GET/{+parent}/${collection}?filter,orderBy,pageSize,pageToken`;
    case 'create':
      return `POST/{+parent}/${collection}`;
    case 'patch':
      return 'PATCH/{+name}?updateMask';
    case 'delete':
      return 'DELETE/{+name}';
    case 'getIamPolicy':
      return 'GET/{+resource}:getIamPolicy?options';
    case 'setIamPolicy':
    case 'testIamPermissions':
      return `POST/{+resource}:${method}`;
    default:
      return `POST/{+name}:${method}`;
  }
}

function byPath(item: string): (method: string) => string {
  const collection = item.slice(0, item.lastIndexOf('/'));
  return (method) => {
    switch (method) {
      case 'get':
        return `GET${item}`;
      case 'list':
        return `GET${collection}?filter,maxResults,orderBy,pageToken`;
      case 'insert':
      case 'create':
        return `POST${collection}`;
      case 'patch':
        return `PATCH${item}`;
      case 'update':
        return `PUT${item}`;
      case 'delete':
        return `DELETE${item}`;
      default:
        return `POST${item}/${method}`;
    }
  };
}
