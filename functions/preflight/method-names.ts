const call = /\b(GET|HEAD|POST|PUT|PATCH|DELETE) https?:\/\/([^\s/]+)(\/\S*?)(?=[\s,;]|$)/g;

const verbs: Record<string, string> = { PATCH: 'patch', PUT: 'update', DELETE: 'delete' };

/**
 * Words in which calls of Google's APIs are named as its documentation names them: `GET https://run.googleapis.com/v2/…/jobs/test`
 * is `run.jobs.get`. Addresses are of no use to whoever reads what a check observed.
 */
export const withMethodNames = (words: string): string =>
  words.replace(call, (_call, verb: string, host: string, path: string) => {
    const [, version = '', resource = ''] = /\/(v\d\w*)\/(.+)$/.exec(path) ?? [];
    // A registry's `/v2/` is no API of Google's.
    if (version === '' || /(docker\.pkg\.dev|gcr\.io)$/.test(host)) return host;
    const [names = '', custom] = resource.split(':');
    // Collections and ids take turns.
    const parts = names.split('/');
    const isCollection = parts.length % 2 === 1;
    const collection = parts.at(isCollection ? -1 : -2) ?? '';
    const usual = isCollection ? (verb === 'GET' ? 'list' : 'create') : 'get';
    const api = /^([a-z]+)\.googleapis\.com$/.exec(host)?.[1];
    return [...(api === undefined ? [] : [api]), collection, custom ?? verbs[verb] ?? usual].join('.');
  });
