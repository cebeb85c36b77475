import { messageOf } from '#shared/errors.ts';
import { sign } from '#shared/chatops/signature.ts';
import type { DoctorFinding } from '#shared/slack/diagnose.ts';

/** Slack shows an error to who gave a command when the answer takes longer: slack.md §1.1. */
const slackWaitsMs = 3000;
const timeoutMs = 10_000;
/** Help quotes it, and no other answer does. */
const command = '/slipway-doctor';

interface CommandUrl {
  /** Of the `chatops` function. */
  url: string;
  signingSecret: string;
  teamId: string;
  appId: string;
  clock: { now(): number };
  /** Without redirects: Slack follows none. */
  fetch: typeof fetch;
}

/**
 * Sends `help` to the address as Slack would, which changes nothing, first signed and then with a wrong signature.
 * The secret itself is not sent.
 */
export async function tryCommandUrl(wish: CommandUrl): Promise<DoctorFinding[]> {
  const body = new URLSearchParams({
    command,
    text: 'help',
    team_id: wish.teamId,
    api_app_id: wish.appId,
    user_id: 'U0DOCTOR',
    user_name: 'doctor',
    channel_id: 'C0DOCTOR',
    response_url: 'https://hooks.slack.com/commands/of-no-use',
    trigger_id: 'doctor',
  }).toString();
  const timestamp = String(Math.floor(wish.clock.now() / 1000));
  const post = async (signature: string): Promise<Answer> => {
    const from = wish.clock.now();
    try {
      const response = await wish.fetch(wish.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': signature,
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      const said = (await response.text()).slice(0, 100_000);
      return { status: response.status, said, tookMs: wish.clock.now() - from };
    } catch (error) {
      // What fetch hides behind "fetch failed" is its cause.
      return { problem: messageOf(error instanceof Error ? (error.cause ?? error) : error) };
    }
  };
  const good = await post(sign(wish.signingSecret, timestamp, body));
  if ('problem' in good) return [judgeSigned(wish.url, good)];
  const forged = await post(sign(`${wish.signingSecret}-not`, timestamp, body));
  return [judgeSigned(wish.url, good), judgeForged(wish.url, forged)];
}

type Answer = { status: number; said: string; tookMs: number } | { problem: string };

function judgeSigned(url: string, answer: Answer): DoctorFinding {
  const about = { id: 'command-url', what: `where commands arrive (${url})` };
  const wrong = (found: string, fix: string): DoctorFinding => ({ ...about, ok: false, found, fix });
  const functionFix = 'Deploy the chatops function, and set SLIPWAY_CHATOPS_URL to its address';
  if ('problem' in answer) return wrong(`it does not answer: ${answer.problem}`, functionFix);
  const { status, said, tookMs } = answer;
  switch (status) {
    case 200: {
      if (!said.includes(command)) {
        return wrong(
          `a signed command was not heard: ${said.trim().slice(0, 200) || 'an empty answer'}`,
          'Give the chatops function the same SLACK_TEAM_IDS and SLACK_APP_ID as the others',
        );
      }
      const found = `a signed command was answered in ${tookMs} ms; Slack waits ${slackWaitsMs} ms`;
      return tookMs < slackWaitsMs
        ? { ...about, ok: true, found }
        : wrong(found, 'Give the chatops function a minimum of one instance; then ask again');
    }
    case 401:
      return wrong(
        'it refuses what is signed with SLACK_SIGNING_SECRET: it has another secret',
        'Give the chatops function the same version of the secret, and deploy it again',
      );
    case 403:
      return wrong(
        "it answers 403: Google's IAM lets nobody in, not even Slack",
        'Grant allUsers roles/run.invoker on the chatops function; it checks the signature itself',
      );
    case 404:
      return wrong('it answers 404: there is no function at this address', functionFix);
    default:
      return wrong(
        `it answers ${status} to a signed command; 200 was expected`,
        'Look at the logs of the chatops function',
      );
  }
}

function judgeForged(url: string, answer: Answer): DoctorFinding {
  const about = { id: 'command-url-forged', what: `forged commands (${url})` };
  if ('problem' in answer) return { ...about, ok: 'unknown', found: `no answer: ${answer.problem}` };
  if (answer.status === 401)
    return { ...about, ok: true, found: 'what is signed with another secret is refused' };
  const found = `what is signed with another secret is answered ${answer.status}; 401 was expected`;
  // Whoever refuses before the signature is looked at proves nothing of it.
  return answer.status >= 300
    ? { ...about, ok: 'unknown', found }
    : {
        ...about,
        ok: false,
        found,
        fix: 'Take the address out of the Slack app: it is not the chatops function that answers there',
      };
}
