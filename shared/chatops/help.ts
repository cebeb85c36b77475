import type { chatVerbs } from '#shared/domain/chat.ts';

/** How every command is written, for help and for whoever wrote one wrong. */

interface Form {
  form: string;
  /** What it does, in one line. */
  does: string;
  examples: readonly string[];
}

export const forms = {
  deploy: {
    form: 'deploy SERVICE ENVIRONMENT [TAG|DIGEST] [dry-run] [reason="…"] [change="ID TITLE" [change-url=…] [claim="…"]…] [override-freeze="…"]',
    does: 'deploys a release; without one it is built from the source. The word "deploy" may be left out',
    examples: [
      'deploy hello staging v1.4.2',
      'hello production v1.4.2 reason="the checkout fix"',
      'deploy hello staging v2 change="#1278 Longer timeout" claim="database timeout 30 s → 90 s => config:app.database.timeout=90s"',
      'deploy hello production v1.4.2 override-freeze="the shop is down"',
    ],
  },
  plan: {
    form: 'plan SERVICE ENVIRONMENT [TAG|DIGEST]',
    does: 'shows what a deployment would do; nothing is changed',
    examples: ['plan hello production v1.4.2'],
  },
  status: {
    form: 'status [SERVICE [ENVIRONMENT] | DEPLOYMENT]',
    does: 'what serves, and what is under way',
    examples: ['status', 'status hello production', 'status d1f3k7q2x9ab'],
  },
  history: {
    form: 'history SERVICE [ENVIRONMENT] [COUNT]',
    does: 'the newest deployments: how they ended, how long they took, who asked; 5 unless told otherwise, at most 20',
    examples: ['history hello', 'history hello production 10'],
  },
  diff: {
    form: 'diff SERVICE ENVIRONMENT [TAG|DIGEST]',
    does: 'what would change against what serves now',
    examples: ['diff hello production', 'diff hello production v1.4.2'],
  },
  rollback: {
    form: 'rollback SERVICE ENVIRONMENT [to REVISION|TAG|DIGEST|DEPLOYMENT] [force] [REASON]',
    does: 'puts the traffic back at once, to what served before unless told otherwise; "force" also past a release that is marked as not safe to roll back',
    examples: ['rollback hello production checkout is broken', 'rollback hello production to v1.4.1'],
  },
  cancel: {
    form: 'cancel DEPLOYMENT|(SERVICE ENVIRONMENT) [REASON]',
    does: 'ends a deployment; what served before serves on',
    examples: ['cancel d1f3k7q2x9ab', 'cancel hello staging wrong branch'],
  },
  approve: {
    form: 'approve APPROVAL',
    does: 'lets a request that waits for approval go ahead; its id stands in the message that asks',
    examples: ['approve a1f3k7q2x9ab'],
  },
  reject: {
    form: 'reject APPROVAL [REASON]',
    does: 'refuses a request that waits for approval',
    examples: ['reject a1f3k7q2x9ab not during the sale'],
  },
  lock: {
    form: 'lock SERVICE ENVIRONMENT [for DURATION] [steal] REASON',
    does: 'keeps everybody else from deploying there; "steal" takes over somebody\'s lock and wants reason="…"',
    examples: [
      'lock hello production for 2h release day',
      'lock hello production steal reason="ana is away"',
    ],
  },
  unlock: {
    form: 'unlock SERVICE ENVIRONMENT [steal] [REASON]',
    does: 'takes the lock away; "steal" also somebody else\'s, and wants reason="…"',
    examples: ['unlock hello production', 'unlock hello production steal reason="ana is away"'],
  },
  quarantine: {
    form: 'quarantine [list | release ID REASON]',
    does: 'releases that their own checks found bad: shows them, lets one go',
    examples: [
      'quarantine list',
      'quarantine release hello.production.0123456789ab.89abcdef0123 the database is back',
    ],
  },
  doctor: {
    form: 'doctor',
    does: 'looks whether Slack and Slipway understand each other, and says what to change',
    examples: ['doctor'],
  },
  help: {
    form: 'help [COMMAND]',
    does: 'this',
    examples: ['help', 'help rollback'],
  },
} as const satisfies Record<(typeof chatVerbs)[number], Form>;

export type Verb = keyof typeof forms;

/** The words a command can begin with. No service may be called like one of them: `status production` has one meaning. */
export const verbs = Object.keys(forms) as Verb[];

export const isVerb = (word: string): word is Verb => Object.hasOwn(forms, word);

/**
 * Lines of mrkdwn, still to be escaped.
 * @param verb one command in full; all of them in short without it
 * @param name of the slash command
 */
export function helpLines(verb?: Verb, name = '/deploy'): string[] {
  const written = (text: string): string => `\`${name} ${text}\``;
  if (verb === undefined) return verbs.map((each) => `${written(forms[each].form)} ${forms[each].does}`);
  const { form, does, examples } = forms[verb];
  return [written(form), does, ...examples.map((example) => `For example ${written(example)}`)];
}
