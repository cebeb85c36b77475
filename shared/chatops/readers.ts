import { nearest } from '#shared/config/nearest.ts';
import { changeOfText, type Change } from '#shared/domain/change.ts';
import { ApprovalId } from '#shared/domain/ids.ts';
import { given, printCommand, type ChatCommand, type Place } from './command.ts';
import { forms, isVerb, verbs, type Verb } from './help.ts';
import {
  isDeploymentId,
  looksLikeRelease,
  Misread,
  takeDuration,
  takeName,
  takeRef,
  type Words,
} from './words.ts';

const defaultCount = 5;
const maxCount = 20;

/** What stands behind each verb. @throws Misread; what is left over is the caller's to refuse */
export const readers: Record<Verb, (words: Words) => ChatCommand> = {
  deploy(words) {
    const dryRun = words.takeAnywhere('dry-run');
    const place = deployPlace(words);
    const ref = takeRef(words);
    if (dryRun) return { verb: 'plan', ...place, ...given({ ref }) };
    const reason = words.option('reason');
    const change = takeChange(words);
    const overrideFreeze = words.option('override-freeze');
    return { verb: 'deploy', ...place, ...given({ ref, reason, change, overrideFreeze }) };
  },
  plan: (words) => ({ verb: 'plan', ...placeOf(words, 'plan'), ...given({ ref: takeRef(words) }) }),
  diff: (words) => ({ verb: 'diff', ...placeOf(words, 'diff'), ...given({ ref: takeRef(words) }) }),
  status(words) {
    const word = words.peek();
    if (word === undefined) return { verb: 'status' };
    if (isDeploymentId(word)) return { verb: 'status', deploymentId: takeId(words) };
    const service = takeName(words, 'service', forms.status.form);
    words.take('in', 'on');
    if (words.peek() === undefined) return { verb: 'status', service };
    return { verb: 'status', service, environment: takeName(words, 'environment', forms.status.form) };
  },
  history(words) {
    const service = takeName(words, 'service', forms.history.form);
    words.take('in', 'on');
    const isCount = (word: string | undefined): boolean => /^\d+$/.test(word ?? '');
    const environment =
      words.peek() === undefined || isCount(words.peek())
        ? undefined
        : takeName(words, 'environment', forms.history.form);
    const count = isCount(words.peek()) ? Number(words.next()) : defaultCount;
    const command = { verb: 'history', service, ...given({ environment }), count } as const;
    if (count >= 1 && count <= maxCount) return command;
    const most = printCommand({ ...command, count: maxCount });
    throw new Misread(`${count} deployments: expected a number from 1 to ${maxCount}.`, most);
  },
  rollback(words) {
    const place = placeOf(words, 'rollback');
    const wantsTo = words.take('to');
    const to = wantsTo ? words.next() : undefined;
    if (wantsTo && to === undefined) throw new Misread(`To what? It is written: ${forms.rollback.form}`);
    const force = words.take('force') || undefined;
    const isClear = words.hasOption('reason') && !words.unquoted.includes('reason');
    const reason = reasonOf(words);
    const command = { verb: 'rollback', ...place, ...given({ to, force, reason }) } as const;
    // "rollback hello production v1.4.1" must not go back to something else, with "v1.4.1" for a reason.
    const [last = '', before, ...more] = reason?.split(' ').reverse() ?? [];
    const isTarget = looksLikeRelease(last) && (before === undefined || before.toLowerCase() === 'to');
    if (to === undefined && !isClear && isTarget) {
      const { reason: _, ...rest } = command;
      const why = more.reverse().join(' ') || undefined;
      const target = printCommand({ ...rest, to: last, ...given({ reason: why }) });
      throw new Misread(
        `Is "${last}" what to go back to? Then "to ${last}" stands behind the environment.`,
        target,
      );
    }
    return command;
  },
  cancel(words) {
    if (isDeploymentId(words.peek() ?? ''))
      return { verb: 'cancel', deploymentId: takeId(words), ...given({ reason: reasonOf(words) }) };
    return { verb: 'cancel', ...placeOf(words, 'cancel'), ...given({ reason: reasonOf(words) }) };
  },
  approve: (words) => ({ verb: 'approve', approvalId: takeApproval(words) }),
  reject: (words) => ({
    verb: 'reject',
    approvalId: takeApproval(words),
    ...given({ reason: reasonOf(words) }),
  }),
  lock(words) {
    const place = placeOf(words, 'lock');
    const forSeconds = words.take('for') ? takeDuration(words) : undefined;
    const steal = takeSteal(words, 'lock');
    const reason = reasonOf(words);
    if (reason === undefined)
      throw new Misread(
        `The reason is missing: whoever is kept out is told. It is written: ${forms.lock.form}`,
      );
    return { verb: 'lock', ...place, ...given({ forSeconds, steal }), reason };
  },
  unlock(words) {
    const place = placeOf(words, 'unlock');
    const steal = takeSteal(words, 'unlock');
    return { verb: 'unlock', ...place, ...given({ steal, reason: reasonOf(words) }) };
  },
  quarantine(words) {
    if (words.peek() === undefined || words.take('list')) return { verb: 'quarantine' };
    if (!words.take('release')) throw new Misread(`It is written: ${forms.quarantine.form}`);
    const id = words.next();
    const reason = reasonOf(words);
    if (id === undefined || reason === undefined)
      throw new Misread(
        `The ${id === undefined ? 'id' : 'reason'} is missing. It is written: ${forms.quarantine.form}`,
      );
    return { verb: 'quarantine', release: { id, reason } };
  },
  doctor: () => ({ verb: 'doctor' }),
  help(words) {
    const word = words.next();
    if (word === undefined) return { verb: 'help' };
    const about = word.toLowerCase();
    if (isVerb(about)) return { verb: 'help', about };
    const meant = nearest(about, verbs);
    throw new Misread(`There is no command "${word}".`, meant === undefined ? 'help' : `help ${meant}`);
  },
};

function takeChange(words: Words): Change | undefined {
  const [text, url, claims] = [words.option('change'), words.option('change-url'), words.all('claim')];
  const said = changeOfText({ text, url, claims });
  if (said && 'problem' in said) throw new Misread(`${said.problem}. It is written: ${forms.deploy.form}`);
  return said?.change;
}

function placeOf(words: Words, verb: Verb): Place {
  const { form } = forms[verb];
  const service = takeName(words, 'service', form);
  words.take('in', 'on');
  return { service, environment: takeName(words, 'environment', form) };
}

function deployPlace(words: Words): Place {
  const { form } = forms.deploy;
  const service = takeName(words, 'service', form);
  const isTo = (word: string | undefined): boolean => /^(to|in|on)$/i.test(word ?? '');
  // "deploy hello v1.4.2 to staging", as other bots have it.
  const [ref, to, environment] = [words.peek(), words.peek(1), words.peek(2)];
  if (ref !== undefined && environment !== undefined && !isTo(ref) && isTo(to))
    throw new Misread(
      'The environment comes before the release.',
      printCommand({ verb: 'deploy', service, environment: environment.toLowerCase(), ref }),
    );
  words.take('to', 'in', 'on');
  return { service, environment: takeName(words, 'environment', form) };
}

function takeApproval(words: Words): string {
  const word = words.next();
  const id = ApprovalId.safeParse(word?.toLowerCase());
  if (id.success) return id.data;
  throw new Misread(
    `"${word ?? ''}" is no approval: expected an id such as a1f3k7q2x9ab, from the message that asks for it.`,
  );
}

function takeSteal(words: Words, verb: 'lock' | 'unlock'): true | undefined {
  if (!words.take('steal')) return undefined;
  if (words.hasOption('reason')) return true;
  throw new Misread(`Taking somebody's lock wants reason="…". It is written: ${forms[verb].form}`);
}

/** `reason=`, or whatever is left. */
function reasonOf(words: Words): string | undefined {
  return words.option('reason') ?? words.rest();
}

const takeId = (words: Words): string => words.next()?.toLowerCase() ?? '';
