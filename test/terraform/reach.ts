import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './module.ts';

/** Modules that a module loads, types aside. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+'([^']+\.ts)'/gm)].map(
    ([, path = '']) => (path.startsWith('#') ? join(root, path.slice(1)) : join(dirname(file), path)),
  );
}

/** The modules of `functions/` that a target's code can reach. */
function modulesOf({ name, kind }: { name: string; kind: string }): string[] {
  const folder = join(root, 'functions', kind === 'step' ? 'steps' : 'triggers');
  const entry = [join(folder, `${name}.ts`), join(folder, name, `${name}.ts`)].find((file) =>
    existsSync(file),
  );
  const open = [
    ...(entry === undefined ? [] : [entry]),
    ...(kind === 'step' ? [join(root, 'functions/step.ts')] : []),
  ];
  const seen = new Set<string>();
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    open.push(...importsOf(file));
  }
  return [...seen].filter((file) => file.startsWith(join(root, 'functions/')));
}

export const ports =
  'run|jobs|registry|lookUps|build|secrets|monitoring|logging|prober|workflows|pubsub|callback|objects|slack|pager';
const call = new RegExp(`\\b(?:deps\\.)?(${ports})\\.(\\w+(?:\\.\\w+)?)\\((?:'([\\w-]+)')?`, 'g');

/**
 * What a target's code can ask of the outside: `run.getService`, `pubsub.publish deploy-events`. A module that is imported
 * for one of its functions counts whole.
 */
export function callsOf(target: { name: string; kind: string }): Set<string> {
  return new Set(
    modulesOf(target).flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      const calls = [...text.matchAll(call)].map(([, port, method, topic]) =>
        port === 'pubsub' ? `${port}.${method} ${topic}` : `${port}.${method}`,
      );
      return /invokerIamDisabled: (true|false)/.test(text) ? [...calls, 'run.openOrClose'] : calls;
    }),
  );
}

/** How a module's text shows that it uses what a secret is for. */
const uses: Record<string, RegExp> = {
  SLACK_BOT_TOKEN: /\bslack\.(post|update|findRoot)\(|\.slackDirectory\b|\bcreateInspector\(/,
  SLACK_SIGNING_SECRET: /\bsigningSecret\b/,
  SLIPWAY_PAGER_URL: /\bpager\.page\(/,
  SLIPWAY_PAGER_KEY: /\bpager\.page\(/,
};

/** The secrets that a target's code needs. To know that there is a Slack or a pager takes none. */
export function secretsOf(target: { name: string; kind: string }): string[] {
  const texts = modulesOf(target).map((file) => readFileSync(file, 'utf8'));
  return Object.keys(uses).filter((secret) => texts.some((text) => uses[secret]?.test(text)));
}
