import type { Cause } from '#shared/domain/cause.ts';
import {
  endInWords,
  endOf,
  lastWordOf,
  listeningOn,
  mayBeTold,
  signOf,
  type ContainerEnd,
} from './container-lines.ts';
import { isContainersFault, lastAnswers, type FailureFacts } from './failure-facts.ts';
import { statusesOf } from './health.ts';
import { nextStepOf } from './next-step.ts';

/** The rest of a cause is `nextStepOf`, unless the rule knows better. */
type Finding = Pick<Cause, 'class' | 'sentence'> & Partial<Pick<Cause, 'nextStep' | 'command'>>;

/**
 * Why it failed. The first that applies:
 * 1. a call of Slipway's own failed: `quota` for 429, `permission` for 401 and 403, else `unknown`;
 * 2. before there is a container: preflight by its suites (permissions, secrets, image), build and push → `image`;
 * 3. Cloud Run's reason names it: secrets, image, access to the image or a key, quota, network;
 * 4. a line of the container names it, in this order: `image` of another machine, memory (`crashes`), `quota`, `secret`,
 *    a `port` that is taken, `permission`, `dependency`. A cause outranks its effect: a container that ends because its
 *    database does not answer is a `dependency`;
 * 5. the container ended, and not because it was told to: `does-not-start` before it was ready (`crashes` by a signal),
 *    `crashes` after;
 * 6. it never became ready: `probe` when its startup probe failed, `port` when it did not listen, else `does-not-start`;
 * 7. what the health check saw last, all of it: 401 or 403 → `permission`, 429 → `quota`, no answer → `port`, else `probe`;
 * 8. any other required check → `check`;
 * 9. `unknown`.
 * Lines decide only where the container did not work: about an answer that is wrong, or other than the file says, they
 * prove nothing.
 */
export function causeOf(facts: FailureFacts): Cause {
  const finding = rules.reduce<Finding | undefined>((found, rule) => found ?? rule(facts), undefined) ?? {
    class: 'unknown',
    sentence: facts.message,
  };
  return { ...nextStepOf(finding.class, facts), ...finding };
}

type Rule = (facts: FailureFacts) => Finding | undefined;

const ownCall: Rule = ({ code, message }) => {
  if (code === 'rejected') return undefined;
  if (isQuota(message)) return { class: 'quota', sentence: message };
  if (code === 'permission-denied')
    return {
      class: 'permission',
      sentence: message,
      nextStep: 'Grant what the answer names to the service account of that step, then deploy again.',
    };
  return { class: 'unknown', sentence: message };
};

/** Preflight's suites, first what the others depend on: who may do nothing cannot read a secret either. */
const preflightSuites: [suite: string, Finding['class']][] = [
  ['Permissions', 'permission'],
  ['Runtime account', 'permission'],
  ['Secrets', 'secret'],
  ['Registry', 'image'],
];

const beforeContainer: Rule = ({ step, message, failed, config, buildId }) => {
  if (step === 'preflight') {
    const found = preflightSuites.find(([name]) => failed.some(({ suite }) => suite === name));
    return found && { class: found[1], sentence: message };
  }
  if (step === 'push') return { class: 'image', sentence: message };
  if (step !== 'build') return undefined;
  const { project, region } = config;
  const nextStep = 'Read the log of the build, mend what it names and deploy again.';
  return buildId === undefined
    ? { class: 'image', sentence: message, nextStep: 'Name an image, or a build.source in the service file.' }
    : {
        class: 'image',
        sentence: message,
        nextStep,
        command: ['gcloud', 'builds', 'log', buildId, '--region', region, '--project', project],
      };
};

/** Google's reasons (`google.cloud.run.v2.Condition`). */
const reasons: Record<string, Finding['class']> = {
  SECRETS_ACCESS_CHECK_FAILED: 'secret',
  CONTAINER_MISSING: 'image',
  CONTAINER_PERMISSION_DENIED: 'permission',
  CONTAINER_IMAGE_UNAUTHORIZED: 'permission',
  CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED: 'permission',
  ACTIVE_REVISION_LIMIT_REACHED: 'quota',
  VPC_NETWORK_NOT_FOUND: 'dependency',
};

const platform: Rule = ({ condition, config }) => {
  if (!condition) return undefined;
  const { reason, message } = condition;
  const named = reason.startsWith('ENCRYPTION_KEY_') ? 'permission' : reasons[reason];
  const found = named ?? (isQuota(message) ? 'quota' : undefined);
  if (found === undefined) return undefined;
  const sentence = `Cloud Run says: ${message || reason}`;
  if (reason.startsWith('CONTAINER_') && found === 'permission')
    return {
      class: found,
      sentence,
      nextStep: `Let the Cloud Run service agent of ${config.project} read ${config.image} (roles/artifactregistry.reader), then deploy again.`,
    };
  return { class: found, sentence };
};

const containerSays: Rule = (facts) => {
  const { lines, config } = facts;
  if (!isContainersFault(facts)) return undefined;
  const end = endOf(lines);
  const ended = end ? `, and ended with ${endInWords(end)}` : '';
  const found = (sign: Parameters<typeof signOf>[0]): string | undefined => signOf(sign, lines);
  const machine = found('image');
  if (machine !== undefined)
    return {
      class: 'image',
      sentence: `The image is not made for Cloud Run's machines: ${said(machine)}.`,
      nextStep: 'Build the image for linux/amd64 and push it again.',
    };
  const memory = found('memory');
  if (memory !== undefined)
    return {
      class: 'crashes',
      sentence: `The container ran out of memory: ${said(memory)}.`,
      nextStep: `Raise runtime.memory above ${config.runtime.memory} in the service file, or find what takes it.`,
    };
  const quota = found('quota');
  if (quota !== undefined)
    return { class: 'quota', sentence: `The container met a limit: ${said(quota)}${ended}.` };
  const secret = missingSecret(lines, Object.keys(config.runtime.secrets)) ?? found('credentials');
  if (secret !== undefined)
    return {
      class: 'secret',
      sentence: `The container does not get along with a secret: ${said(secret)}${ended}.`,
    };
  const port = found('listening');
  if (port !== undefined)
    return { class: 'port', sentence: `The container cannot listen: ${said(port)}${ended}.` };
  const permission = found('permission');
  if (permission !== undefined)
    return {
      class: 'permission',
      sentence: `The container lacks a permission: ${said(permission)}${ended}.`,
    };
  const dependency = found('dependency');
  if (dependency !== undefined)
    return {
      class: 'dependency',
      sentence: `The container cannot reach what it needs: ${said(dependency)}${ended}.`,
    };
  return undefined;
};

const containerEnded: Rule = (facts) => {
  const { step, lines } = facts;
  const end = endOf(lines);
  if (!end || wasTold(end, facts) || !isContainersFault(facts)) return undefined;
  const isReady = step !== 'deploy';
  const last = lastWordOf(lines);
  const words = last === undefined ? ' and wrote nothing' : `; its last word: ${said(last)}`;
  return {
    class: isReady || 'signal' in end ? 'crashes' : 'does-not-start',
    sentence: `The container ended with ${endInWords(end)} ${isReady ? 'after' : 'before'} it was ready${words}.`,
  };
};

/** Cloud Run ends what it does not need or what did not become ready. An exit with 0 may also be the container's own. */
function wasTold(end: ContainerEnd, { step, condition, lines }: FailureFacts): boolean {
  if (!mayBeTold(end)) return false;
  if ('signal' in end || end.exitCode !== 0) return true;
  return step !== 'deploy' || isStartupProbe(condition) || listeningOn(lines) !== undefined;
}

const isStartupProbe = (condition: FailureFacts['condition']): boolean =>
  /startup probe/i.test(condition?.message ?? '');

const neverReady: Rule = ({ step, message, condition, lines, failed, config }) => {
  if (!condition)
    return step === 'deploy' && failed.some(({ id }) => id === 'ready')
      ? { class: 'does-not-start', sentence: message }
      : undefined;
  const { port } = config.runtime;
  if (isStartupProbe(condition)) {
    const path = config.runtime.startupProbe?.path;
    const asked = path === undefined ? `TCP port ${port}` : `GET ${path}`;
    return {
      class: 'probe',
      sentence: `The container runs, but its startup probe (${asked}) never succeeded.`,
      nextStep: 'Give it more time or another path in runtime.startupProbe, or mend what it answers there.',
    };
  }
  if (!/listen on the port/i.test(condition.message))
    return { class: 'does-not-start', sentence: `Cloud Run says: ${condition.message || condition.reason}` };
  const seen = listeningOn(lines);
  if (!seen)
    return { class: 'port', sentence: `The container runs, but nothing listens on port ${port} in time.` };
  if (seen.port === port && !seen.loopback)
    return { class: 'port', sentence: `The container listens on port ${port}, but too late.` };
  if (seen.port === port)
    return { class: 'port', sentence: `The container listens on loopback alone: ${said(seen.line)}.` };
  return {
    class: 'port',
    sentence: `The container listens on port ${seen.port}, but Cloud Run asks port ${port}: ${said(seen.line)}.`,
    nextStep: `Let the container listen on the port in $PORT, or set runtime.port to ${seen.port} in the service file.`,
  };
};

const healthCheck: Rule = ({ failed, config, message }) => {
  const seen = lastAnswers(failed);
  const [first] = seen;
  if (first === undefined) return undefined;
  const all = (...answers: string[]): boolean => seen.every((answer) => answers.includes(answer));
  const { path, status } = config.healthProbe;
  if (all('401', '403'))
    return {
      class: 'permission',
      sentence: `GET ${path} answered ${first}: the health check may not call it.`,
      nextStep: `Let Slipway's probe account call the service (roles/run.invoker), or open ${path} to it.`,
    };
  if (all('429')) return { class: 'quota', sentence: `GET ${path} answered 429: too many requests.` };
  if (all('no answer')) return { class: 'port', sentence: `Nothing answered GET ${path}: ${message}` };
  const last = seen.at(-1) ?? first;
  return {
    class: 'probe',
    sentence: /^\d+$/.test(last)
      ? `GET ${path} answered ${last} instead of ${statusesOf({ status }).join(' or ')}.`
      : `GET ${path} gave ${last}.`,
  };
};

const failedCheck: Rule = ({ failed, message }) =>
  failed.length > 0 ? { class: 'check', sentence: message } : undefined;

const rules: readonly Rule[] = [
  ownCall,
  beforeContainer,
  platform,
  containerSays,
  containerEnded,
  neverReady,
  healthCheck,
  failedCheck,
];

/** A line that misses a variable which is bound to a secret. */
const missingSecret = (lines: readonly string[], names: readonly string[]): string | undefined =>
  lines.findLast(
    (line) =>
      names.some((name) => line.includes(name)) &&
      /missing|required|not set|undefined|not defined|not provided|must be set|empty/i.test(line),
  );

const isQuota = (text: string): boolean => /RESOURCE_EXHAUSTED|\banswered 429\b|\bquota\b/i.test(text);

const said = (line: string): string => JSON.stringify(line.length > 200 ? `${line.slice(0, 199)}…` : line);
