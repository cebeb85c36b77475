import { z } from 'zod';
import { optionalScopes, scopes } from './scopes.ts';

/** Slack's limits: https://docs.slack.dev/reference/app-manifest */
export const AppWish = z.strictObject({
  /** Of the `chatops` function: Slack sends commands and pressed buttons there. */
  url: z.url({ protocol: /^https$/, error: 'expected the https:// address of the chatops function' }),
  command: z
    .string()
    .regex(/^\/[a-z0-9_-]{1,31}$/, 'expected / and 1 to 31 small letters, digits, hyphens or underscores'),
  /** People see it; the bot is called the same in small letters. */
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,34}$/,
      'expected 1 to 35 letters, digits, blanks, dots, hyphens or underscores',
    ),
  /** Of those that are not required. */
  optional: z.array(z.enum(optionalScopes)).default([]),
});
export type AppWish = z.infer<typeof AppWish>;

/** The app as Slack makes it "from a manifest". Everything that Slipway does not use is off. */
export function appManifest({ url, command, name, optional }: AppWish) {
  return {
    display_information: { name, description: 'Deploys to Cloud Run, and says what became of it' },
    features: {
      bot_user: { display_name: name.toLowerCase().replaceAll(' ', '-'), always_online: true },
      slash_commands: [
        {
          command,
          url,
          description: 'Deploy services and see what became of it',
          usage_hint: 'SERVICE ENVIRONMENT [TAG] | status | rollback | cancel | history | help',
          // Mentions arrive as ids, which nobody can rename.
          should_escape: true,
        },
      ],
    },
    oauth_config: {
      scopes: {
        bot: scopes
          .filter((scope) => scope.isRequired || optional.includes(scope.name))
          .map((scope) => scope.name),
      },
    },
    settings: {
      interactivity: { is_enabled: true, request_url: url },
      org_deploy_enabled: false,
      socket_mode_enabled: false,
      token_rotation_enabled: false,
    },
  };
}
