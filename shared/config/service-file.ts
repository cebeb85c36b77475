import { z } from 'zod';
import { parseImage } from '#shared/domain/image.ts';
import { EnvironmentPlace, sections, ServiceConfig, serviceFileShape } from '#shared/domain/service.ts';
import { findingsOf, type Finding } from './findings.ts';
import { inOrder, pathInWords, quoted, type Path, type Problem } from './problems.ts';
import { readYaml } from './read-yaml.ts';
import { brokenLimits } from './limits.ts';
import { locate, overlay, toValue, type Tree } from './tree.ts';

/** Every environment repeats the file's own sections: more of them would make a small file a lot of work. */
const maximumEnvironments = 20;

const image = z.string().refine((text) => {
  const reference = parseImage(text);
  return reference !== undefined && reference.tag === undefined && reference.digest === undefined;
}, 'expected HOST/PROJECT/REPOSITORY/IMAGE without tag and digest');

const sectionNames = Object.keys(sections);

/** The file as it is written; what an environment overrides is looked at where it is merged. */
const File = z.strictObject({
  ...serviceFileShape,
  image,
  environments: z
    .record(
      z.string(),
      EnvironmentPlace.extend(Object.fromEntries(sectionNames.map((name) => [name, z.unknown().optional()]))),
    )
    .refine(
      (environments) => between(1, Object.keys(environments).length, maximumEnvironments),
      `expected between 1 and ${maximumEnvironments} environments`,
    ),
});
const between = (least: number, value: number, most: number): boolean => least <= value && value <= most;

const Merged = ServiceConfig.extend({
  ...EnvironmentPlace.shape,
  cloudRunService: ServiceConfig.shape.cloudRunService,
  image,
});

export type ServiceFile =
  | { status: 'ok'; service: string; image: string; configs: ServiceConfig[] }
  | { status: 'invalid'; problems: Problem[] };

/**
 * One configuration per environment, in the file's order, or every problem of the file at once. An environment is laid
 * over the top-level sections (maps are merged, lists and scalars replace) and checked as a whole; a problem is reported
 * where its value stands. Top-level sections are checked by themselves too, except that an environment may supply a key
 * they lack. Never throws, whatever the text.
 *
 * Values of variables, secrets, headers, bodies and arguments are never quoted: somebody may have put a secret there.
 */
export function parseServiceFile(text: string, fileName: string): ServiceFile {
  const { tree, problems } = readYaml(text, fileName);
  if (tree === undefined) return { status: 'invalid', problems: inOrder(problems) };
  const report = (where: Tree, findings: readonly Finding[]): void => {
    for (const finding of findings) problems.push(problemOf(where, finding, fileName));
  };
  const inSection = ({ path }: Finding): boolean => sectionNames.includes(String(path[0]));
  const mayFollow = ({ path }: Finding): boolean =>
    locate(tree, path).missing.length > 0 && !path.some((part) => typeof part === 'number');

  const file = findingsOf(File, toValue(tree));
  report(
    tree,
    file.findings.filter((finding) => !(inSection(finding) && mayFollow(finding))),
  );

  const configs: ServiceConfig[] = [];
  for (const [name, environment] of environmentsOf(tree).slice(0, maximumEnvironments)) {
    const merged = merge(tree, name, environment);
    const value = toValue(merged);
    const { findings, data } = findingsOf(Merged, value);
    // Everything else was checked with the file.
    report(
      merged,
      findings.filter((finding) => inSection(finding) || finding.path[0] === 'environment'),
    );
    report(merged, brokenLimits(value as Record<string, unknown>));
    if (data === undefined) continue;
    const rival = configs.find((config) => placeOf(config) === placeOf(data));
    const expected = `expected a place of its own: ${rival?.environment} is ${placeOf(data)} too`;
    if (rival !== undefined) report(tree, [{ path: ['environments', name], about: 'key', expected }]);
    configs.push(data);
  }

  const [first] = configs;
  if (problems.length > 0 || first === undefined) return { status: 'invalid', problems: inOrder(problems) };
  return { status: 'ok', service: first.service, image: first.image, configs };
}

/** Two environments at one place would undo each other's deployments: locks are held per environment. */
const placeOf = ({ project, region, cloudRunService }: ServiceConfig): string =>
  `${project}/${region}/${cloudRunService}`;

/** The environments that are maps; anything else is a problem of the file. */
function environmentsOf(tree: Tree): [string, Tree & { kind: 'map' }][] {
  const { node, missing } = locate(tree, ['environments']);
  if (missing.length > 0 || node.kind !== 'map') return [];
  return [...node.entries].flatMap(([name, environment]) =>
    environment.kind === 'map' ? [[name, environment]] : [],
  );
}

/** The tree of one environment's ServiceConfig. Only known keys of the environment take part. */
function merge(file: Tree, name: string, environment: Tree & { kind: 'map' }): Tree {
  const top = file.kind === 'map' ? file.entries : new Map<string, Tree>();
  const own = environment.entries;
  const entries = new Map<string, Tree>();
  const put = (key: string, value: Tree | undefined): void => {
    if (value !== undefined) entries.set(key, value);
  };
  for (const key of ['service', 'image', 'build', 'change']) put(key, top.get(key));
  for (const key of ['project', 'region']) put(key, own.get(key));
  put('environment', { ...environment, kind: 'scalar', value: name, at: environment.key });
  put('cloudRunService', own.get('cloudRunService') ?? top.get('service'));
  for (const key of sectionNames) {
    const [below, above] = [top.get(key), own.get(key)];
    put(key, below === undefined || above === undefined ? (above ?? below) : overlay(below, above));
  }
  return { ...file, kind: 'map', entries };
}

function problemOf(tree: Tree, { path, about, expected }: Finding, file: string): Problem {
  const { node, missing } = locate(tree, path);
  const place: Path = [...node.path, ...missing];
  const words = pathInWords(place);
  const isGone = missing.length > 0;
  const found =
    about === 'unknown-key' ? 'unknown key' : about === 'key' ? 'this key' : isGone ? 'missing' : shown(node);
  return {
    file,
    ...(isGone || about !== 'value' ? node.key : node.at),
    path: words,
    message: `${words === '' ? '' : `${words}: `}${found} — ${expected}`,
  };
}

const privateKeys = new Set<string | number>(['env', 'secrets', 'headers', 'body', 'send', 'args']);

function shown(node: Tree): string {
  const [first, , ...rest] = node.path;
  if ((first === 'environments' ? rest : node.path).some((part) => privateKeys.has(part)))
    return 'this value';
  return node.kind === 'scalar' ? quoted(node.value) : `a ${node.kind}`;
}
