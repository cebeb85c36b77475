import { z } from 'zod';
import { Change } from './change.ts';
import { isChatWord } from './chat.ts';
import { longestServiceName } from './ids.ts';
import { App } from '#shared/domain/service/app.ts';
import { HealthProbe, SuiteFile } from '#shared/domain/service/checks.ts';
import { Policy, Retries, Slack } from '#shared/domain/service/policy.ts';
import { ImageRules, Runtime } from '#shared/domain/service/runtime.ts';
import { Analysis, Migration, Traffic } from '#shared/domain/service/traffic.ts';
import { duration, name } from '#shared/domain/service/units.ts';

/**
 * The service file (`services/<name>.yaml`): the one description of a Cloud Run service. This module is its schema;
 * reading YAML, positions of problems and merging of environments live in `shared/config/`.
 * Every key is listed: an unknown one is a problem, because a misspelt key that is ignored is a setting that is not there.
 */

const Build = z.strictObject({
  /** The source archive Cloud Build reads: `gs://BUCKET/OBJECT`. */
  source: z.string().regex(/^gs:\/\/[^/\s]+\/\S+$/, 'expected gs://BUCKET/OBJECT'),
  timeout: duration(1, 86_400).prefault('20m'),
});

/** What an environment may override. */
export const sections = {
  imageRules: ImageRules.optional(),
  runtime: Runtime.prefault({}),
  app: App.optional(),
  healthProbe: HealthProbe.prefault({}),
  suites: z.array(SuiteFile).default([]),
  traffic: Traffic.prefault({}),
  analysis: Analysis.optional(),
  migration: Migration.optional(),
  retries: Retries.prefault({}),
  policy: Policy.prefault({}),
  slack: Slack.prefault({}),
};

const serviceName = name.max(
  longestServiceName,
  `expected at most ${longestServiceName} characters, to leave room for the candidate's tag`,
);

const notChatWord = [
  (text: string) => !isChatWord(text),
  'expected a name that is no word of the Slack command, such as status or to',
] as const;
/** People say these in commands. */
const spokenService = serviceName.refine(...notChatWord);
export const environmentName = name.refine(...notChatWord);

/** One environment of the file: where it runs, and overrides that are laid over the sections above it. */
export const EnvironmentPlace = z.strictObject({
  project: z.string().regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'expected a Google Cloud project id'),
  region: z.string().regex(/^[a-z]+-[a-z]+\d+$/, 'expected a region such as us-central1'),
  cloudRunService: serviceName.optional(),
});

/** A service in one environment with every default and override applied: what a deployment works from. */
export const ServiceConfig = z.strictObject({
  service: spokenService,
  environment: environmentName,
  image: z.string(),
  project: z.string(),
  region: z.string(),
  cloudRunService: serviceName,
  build: Build.optional(),
  change: Change.optional(),
  ...sections,
});
export type ServiceConfig = z.infer<typeof ServiceConfig>;

/** The file's top level; `environments` holds EnvironmentPlace plus partial sections. */
export const serviceFileShape = {
  service: spokenService,
  image: z.string(),
  build: Build.optional(),
  change: Change.optional(),
  ...sections,
};
