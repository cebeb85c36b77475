import { Cron } from 'croner';
import { z } from 'zod';
import { messageOf } from '#shared/errors.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedValue } from '#local/http.ts';

/** What a client says about a job. */
const Settings = z.strictObject({
  description: z.string().max(500).optional(),
  schedule: z.string(),
  /** UTC is the documented default; how Google spells it is unverified. */
  timeZone: z.string().min(1).default('Etc/UTC'),
  pubsubTarget: z
    .strictObject({
      topicName: z.string(),
      data: z.base64().optional(),
      attributes: z.record(z.string(), z.string()).optional(),
    })
    .refine(({ data, attributes }) => data || Object.keys(attributes ?? {}).length > 0, {
      error: 'expected data that is not empty, or at least one attribute',
    }),
});
type Settings = z.output<typeof Settings>;

/** A job as it is kept and shown. */
export interface Job extends Settings {
  /** `projects/P/locations/L/jobs/J` */
  name: string;
  state: 'ENABLED' | 'PAUSED';
  userUpdateTime: string;
  /** The next run. */
  scheduleTime?: string;
  lastAttemptTime?: string;
  /** google.rpc.Status of the last attempt; `{}` is a success. */
  status?: { code?: number; message?: string };
}

const Body = z.record(z.string(), z.unknown());
/** Clients that read, change and write a job send these back; they are Google's to say. */
const outputOnly = ['state', 'status', 'userUpdateTime', 'scheduleTime', 'lastAttemptTime'];
const unsupported = ['httpTarget', 'appEngineHttpTarget', 'retryConfig', 'attemptDeadline'];

/**
 * The name and settings of a new job.
 * @param parent `projects/P/locations/L`
 * @throws GoogleError INVALID_ARGUMENT, or UNIMPLEMENTED for what Google knows and the local cloud does not
 */
export function newJob(body: unknown, parent: string): Settings & { name: string } {
  const { name, ...given } = supportedFields(body);
  const id = typeof name === 'string' && name.startsWith(`${parent}/jobs/`) ? name.split('/')[5] : '';
  if (typeof name !== 'string' || !/^[\w-]{1,500}$/.test(id ?? '') || name.split('/').length !== 6) {
    throw new GoogleError(
      'INVALID_ARGUMENT',
      `Job name "${String(name)}" is not valid: expected ${parent}/jobs/JOB, with 1 to 500 letters, digits, "_" or "-".`,
    );
  }
  return { name, ...checked(given, name) };
}

/**
 * The settings after an update: a field the mask names is replaced, or cleared when the update lacks it; no mask replaces
 * all (unverified).
 */
export function changedSettings(job: Job, body: unknown, mask: string | null): Settings {
  const { name: _, ...given } = supportedFields(body);
  parsedValue(Settings.partial(), given);
  if (!mask) return checked(given, job.name);
  const { description, schedule, timeZone, pubsubTarget } = job;
  const next: Record<string, unknown> = { description, schedule, timeZone, pubsubTarget };
  for (const path of mask.split(',')) {
    const field = path.trim().replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    if (!(field in Settings.shape)) {
      const expected = Object.keys(Settings.shape).join(', ');
      throw new GoogleError('INVALID_ARGUMENT', `update_mask: "${path}" is not one of ${expected}`);
    }
    next[field] = given[field];
  }
  return checked(next, job.name);
}

/**
 * The first run after `now`, in RFC 3339. Daylight saving is croner's.
 * @throws GoogleError INVALID_ARGUMENT when the schedule is not five unix-cron fields, never comes, or has an unknown time zone
 */
export function nextRun(
  { schedule, timeZone }: Pick<Settings, 'schedule' | 'timeZone'>,
  now: number,
): string {
  const invalid = (reason: string): GoogleError =>
    new GoogleError(
      'INVALID_ARGUMENT',
      `Schedule or time zone is invalid ("${schedule}", "${timeZone}"): ${reason}`,
    );
  // croner knows more than unix-cron: L, W, #, ?, nicknames.
  if (!/^(?:(?:[\d*,/-]|(?<![a-z])[a-z]{3}(?![a-z]))+(?:\s+|$)){5}$/i.test(schedule.trim())) {
    throw invalid('expected five unix-cron fields, such as "*/5 9-17 * * mon-fri".');
  }
  let next: Date | null;
  try {
    next = new Cron(schedule, { mode: '5-part', timezone: timeZone }).nextRun(new Date(now));
  } catch (error) {
    throw invalid(messageOf(error));
  }
  if (!next) throw invalid('it never comes.');
  return next.toISOString();
}

function supportedFields(body: unknown): Record<string, unknown> {
  const given = parsedValue(Body, body);
  const field = unsupported.find((name) => given[name] !== undefined);
  if (field !== undefined) {
    throw new GoogleError('UNIMPLEMENTED', `The local Cloud Scheduler does not support Job.${field}`);
  }
  return Object.fromEntries(Object.entries(given).filter(([name]) => !outputOnly.includes(name)));
}

function checked(given: unknown, jobName: string): Settings {
  const settings = parsedValue(Settings, given);
  const { topicName } = settings.pubsubTarget;
  const project = jobName.split('/').slice(0, 2).join('/');
  if (!topicName.startsWith(`${project}/topics/`) || topicName.split('/').length !== 4) {
    throw new GoogleError(
      'INVALID_ARGUMENT',
      `pubsubTarget.topicName "${topicName}" is not valid: expected ${project}/topics/TOPIC, of the job's own project.`,
    );
  }
  return settings;
}
