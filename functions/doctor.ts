import type { ServiceConfig } from '#shared/domain/service.ts';
import { Fault } from '#shared/domain/fault.ts';
import { sign, signatureProblem } from '#shared/chatops/signature.ts';
import {
  diagnoseApp,
  diagnoseChannel,
  diagnoseChannelName,
  diagnoseGroup,
  diagnoseUser,
  type DoctorFinding,
} from '#shared/slack/diagnose.ts';
import { createInspector, type AppIdentity, type SlackInspector } from '#shared/slack/inspect.ts';
import type { Deps } from '#functions/deps.ts';
import { tryCommandUrl } from '#functions/doctor/command-url.ts';
import { diagnosePolicies, namedInSlack, type NamedInSlack } from '#functions/doctor/places.ts';
import { readServiceFiles } from '#functions/triggers/service-files.ts';

type DoctorDeps = Pick<Deps, 'config' | 'clock' | 'objects'>;

/**
 * Everything between Slipway and Slack that can be looked at, and what to do where it is wrong. Nothing is posted and
 * nothing changed. Never throws what Slack, the bucket or the network did.
 */
export async function slackDoctor(deps: DoctorDeps, fetchIt: typeof fetch = fetch): Promise<DoctorFinding[]> {
  const { config } = deps;
  const { configs, findings: files } = await serviceFiles(deps);
  const { token, endpoint, channel, fallbackChannel, teams } = config.slack;
  // Nothing is posted in the default channel when every service names its own.
  const usesDefault = configs.length === 0 || configs.some(({ slack }) => slack.channel === undefined);
  const named = namedInSlack(
    {
      ...(usesDefault ? { SLIPWAY_SLACK_CHANNEL: channel } : {}),
      SLIPWAY_SLACK_FALLBACK_CHANNEL: fallbackChannel,
    },
    configs,
  );
  const inspector =
    token === undefined
      ? undefined
      : createInspector({ token, ...(endpoint === undefined ? {} : { endpoint }) });
  const asked = await inspector?.identity();
  const app = asked?.status === 'answered' ? asked.value : undefined;
  return [
    ...files,
    ...(asked === undefined ? [noToken] : diagnoseApp(asked, teams)),
    ...(inspector && app ? await lookAt(inspector, app, named) : []),
    ...(await inbound(deps, app, fetchIt)),
    ...diagnosePolicies(configs, config.hasPager),
  ];
}

const noToken: DoctorFinding = {
  id: 'token',
  ok: false,
  what: "the app's token",
  found: 'SLACK_BOT_TOKEN is not set: nothing is posted',
  fix: 'Make the app from "slipway slack manifest", install it, and set SLACK_BOT_TOKEN: docs/slack.md',
};

async function serviceFiles(
  deps: DoctorDeps,
): Promise<{ configs: ServiceConfig[]; findings: DoctorFinding[] }> {
  const about = { id: 'service-files', what: 'service files' };
  try {
    const files = await readServiceFiles(deps);
    const configs = files.flatMap((file) => file.configs.map(({ config }) => config));
    const broken = files.filter(({ problems }) => problems !== undefined);
    const findings = broken.map(({ name, problems }): DoctorFinding => ({
      ...about,
      id: `service-files:${name}`,
      ok: false,
      found: `what ${name} names was not looked at: ${problems}`,
      fix: `Correct it: slipway check FILE says the same before it is in the bucket`,
    }));
    return { configs, findings };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const found = `they could not be read, and what they name was not looked at: ${error.message}`;
    return { configs: [], findings: [{ ...about, ok: 'unknown', found }] };
  }
}

async function lookAt(
  inspector: SlackInspector,
  { botName, teamId }: AppIdentity,
  { channels, users, groups }: NamedInSlack,
): Promise<DoctorFinding[]> {
  const byName = channels.filter(({ name }) => name.startsWith('#'));
  const own = byName.length > 0 ? await inspector.ownChannels() : undefined;
  return Promise.all([
    ...channels.map(async (one) =>
      own && one.name.startsWith('#')
        ? diagnoseChannelName(one, own, botName)
        : diagnoseChannel(one, await inspector.channel(one.name), botName),
    ),
    ...users.map(async (one) => diagnoseUser(one, await inspector.user(one.name), teamId)),
    ...groups.map(async (one) => diagnoseGroup(one, await inspector.groupSize(one.name))),
  ]);
}

/** What Slack sends to us. Only Slack knows whether the secret is its own: that shows at the first command. */
async function inbound(
  { config, clock }: DoctorDeps,
  app: AppIdentity | undefined,
  fetchIt: typeof fetch,
): Promise<DoctorFinding[]> {
  const { signingSecret, appId, chatopsUrl, teams } = config.slack;
  const about = { id: 'signing-secret', what: 'the signing secret' };
  if (signingSecret === undefined) {
    const fix =
      'api.slack.com/apps → your app → Basic Information → Signing Secret → Show: copy it into SLACK_SIGNING_SECRET';
    const found = 'SLACK_SIGNING_SECRET is not set: no command and no button is believed';
    return [{ ...about, ok: false, found, fix }];
  }
  const findings: DoctorFinding[] = [{ ...about, ...roundTrip(signingSecret, clock.now()) }];
  const teamId = teams[0] ?? app?.teamId;
  if (chatopsUrl === undefined || teamId === undefined) {
    const unknown = { id: 'command-url', ok: 'unknown' as const, what: 'where commands arrive' };
    return chatopsUrl === undefined
      ? [
          ...findings,
          {
            ...unknown,
            found: 'SLIPWAY_CHATOPS_URL is not set, so it was not tried',
            fix: 'Set SLIPWAY_CHATOPS_URL to the address of the chatops function',
          },
        ]
      : [
          ...findings,
          { ...unknown, found: 'not tried: the workspace is not known while the token is wrong' },
        ];
  }
  const tried = await tryCommandUrl({
    url: chatopsUrl,
    signingSecret,
    teamId,
    appId: appId ?? 'A0DOCTOR',
    clock,
    fetch: fetchIt,
  });
  return [...findings, ...tried];
}

function roundTrip(secret: string, nowMs: number): Pick<DoctorFinding, 'ok' | 'found'> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const body = 'doctor';
  const problem = signatureProblem(
    secret,
    { signature: sign(secret, timestamp, body), timestamp, body },
    nowMs,
  );
  const found =
    "it is set, and what is signed with it is believed; whether it is Slack's shows the first command";
  return problem === undefined ? { ok: true, found } : { ok: false, found: `signed here, and ${problem}` };
}
