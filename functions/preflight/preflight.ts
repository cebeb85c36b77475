import type { Check } from '#shared/domain/check.ts';
import type { Fault } from '#shared/domain/fault.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { apiQuestions } from './apis.ts';
import { cloudSqlQuestions, sqlInstance } from './cloud-sql.ts';
import { imageOf, imageQuestions } from './image.ts';
import { jobQuestions } from './jobs.ts';
import { locationQuestions, missingPlace } from './location.ts';
import { createLook, found, type LookLimits } from './look.ts';
import { connectorName, connectorOf, networkQuestions } from './network.ts';
import { permissionQuestions } from './permissions.ts';
import { answered, notAsked, type Answered, type Question } from './question.ts';
import { runtimeAccountQuestions } from './runtime-account.ts';
import { reachQuestions } from './reach.ts';
import { judgedByRules, ruleQuestions } from './rules.ts';
import type { Scene, Seen } from './scene.ts';
import { secretQuestions } from './secrets.ts';
import { serviceAgentQuestions } from './service-agent.ts';
import { knownFirst, serviceQuestions } from './service.ts';

export interface Target {
  config: ServiceConfig;
  /** What is to be deployed. Without it only the configuration is looked at. */
  release?: {
    /** With neither, the image is to be built. */
    tag?: string | undefined;
    digest?: string | undefined;
  };
  /** False where the configuration does not come from the bucket: then rules on secrets' values are not tried. */
  mayJudgeValues?: boolean;
}

export interface Preflight {
  /** In a fixed order: the service first, what it needs after it. */
  checks: Check[];
  /** With one of them nothing is decided: it may be gone the next time, or Cloud Run itself could not be looked at. */
  faults: Fault[];
  /** The service does not exist yet or was never proven; undefined when it could not be looked at. */
  first: boolean | undefined;
  /** What the rules were given. */
  seen: Seen;
}

/** In order, and what of its place a group needs: without it its questions are not asked. */
const groups: [
  where: 'region' | 'project' | 'anywhere',
  questionsOf: (scene: Scene) => Question[] | Promise<Question[]>,
][] = [
  ['anywhere', locationQuestions],
  ['region', serviceQuestions],
  ['project', apiQuestions],
  ['region', permissionQuestions],
  ['project', runtimeAccountQuestions],
  ['project', secretQuestions],
  ['anywhere', imageQuestions],
  ['project', serviceAgentQuestions],
  ['anywhere', cloudSqlQuestions],
  ['region', networkQuestions],
  ['region', jobQuestions],
  ['anywhere', reachQuestions],
  ['anywhere', ruleQuestions],
];

/**
 * Everything that can be known to go wrong before anything is built: all problems at once, in seconds, and nothing is
 * changed. What the configuration does not have is not asked for; what cannot be looked at is `inconclusive`.
 */
export async function preflightChecks(
  deps: Scene['deps'],
  { config, release, mayJudgeValues = true }: Target,
  limits?: LookLimits,
): Promise<Preflight> {
  const reference = release?.digest ?? release?.tag;
  const scene: Scene = {
    deps,
    look: createLook(deps.clock, limits),
    config,
    reference,
    build: release !== undefined && reference === undefined,
    mayJudgeValues,
  };
  const missing = missingPlace(scene);
  const asked = groups.map(async ([where, questionsOf]): Promise<Answered[]> => {
    const place = where === 'anywhere' ? undefined : await missing;
    const isThere = place === undefined || (place.what === 'region' && where === 'project');
    const questions = await questionsOf(scene);
    if (!isThere) return questions.map((question) => notAsked(question, place.words));
    return Promise.all(questions.map((question) => answered(question, deps.clock)));
  });
  const answers = (await Promise.all(asked)).flat();
  // Everything was asked by now: these are answers that were given before.
  const first = (await missing) ? undefined : await knownFirst(scene);
  const seen = await seenIn(scene);
  return {
    checks: [...answers.map(({ check }) => check), ...(await judgedByRules(scene, seen))],
    faults: answers.flatMap(({ check, fault }) =>
      fault && (fault.retryable || (check.suite === 'Cloud Run service' && check.severity === 'required'))
        ? [fault]
        : [],
    ),
    first,
    seen,
  };
}

async function seenIn(scene: Scene): Promise<Seen> {
  const { config, reference } = scene;
  const name = connectorName(config);
  const instances = await Promise.all(
    config.runtime.cloudSql.map(async (connection) => {
      const instance = await found(sqlInstance(scene, connection));
      return instance ? [[connection, instance] as const] : [];
    }),
  );
  return {
    sqlInstances: Object.fromEntries(instances.flat()),
    connector: name === undefined ? undefined : await found(connectorOf(scene, name)),
    image: reference === undefined ? undefined : await found(imageOf(scene)),
  };
}
