import { configDiff, type ConfigChange } from '#shared/config/config-diff.ts';
import { configHash } from '#shared/config/config-hash.ts';
import type { Admission } from '#shared/domain/admission.ts';
import { newChange, type Change } from '#shared/domain/change.ts';
import type { OverrideWish } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { isDigest } from '#shared/domain/image.ts';
import type { Person } from '#shared/domain/people.ts';
import { orderOf } from '#shared/domain/release-order.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { foreseeAdmission } from '#shared/ledger/admission.ts';
import { placeId } from '#shared/ledger/ledger.ts';
import type { Wanted } from '#shared/ledger/wanted.ts';
import type { RegistryImage } from '#shared/ports/images.ts';
import type { Deps } from '#functions/deps.ts';
import { preflightChecks } from '#functions/preflight/preflight.ts';
import { labelledChange } from '#functions/triggers/change-for.ts';
import { lookUpImage, orderLookUp } from '#functions/triggers/releases.ts';

/** A release by its names. */
interface Named {
  tag?: string | undefined;
  digest: string;
  source?: string | undefined;
}

/** What a deployment would be, as of now. Nothing was changed to find it out. */
export interface LookAhead {
  config: ServiceConfig;
  configHash: string;
  /** What is live; undefined when nothing is, or it was taken back. */
  from: Named | undefined;
  /** Undefined: it is still to be built. */
  to: Named | undefined;
  /** Of the sources, when both revisions and where they are is known. */
  compareUrl: string | undefined;
  /** What it is for, if anything says so. */
  change: Change | undefined;
  /** Against the configuration that is live. */
  changes: ConfigChange[];
  admission: Exclude<Admission, { decision: 'needs-order' }>;
  wanted: Wanted;
}

export interface Wish {
  ref: string | undefined;
  change?: Change | undefined;
  override?: OverrideWish | undefined;
}

/** Looks at a release without asking for it. @throws Fault when the registry or the ledger does not answer */
export async function lookAhead(
  deps: Deps,
  { config, source }: { config: ServiceConfig; source: string },
  person: Person,
  { ref, change, override }: Wish,
): Promise<LookAhead | { problem: string }> {
  const { service, environment, image } = config;
  const found = ref === undefined ? undefined : await lookUpImage(deps, image, ref);
  if (found instanceof Fault) return { problem: found.message };
  if (ref !== undefined && !found)
    return { problem: `${image} has no ${isDigest(ref) ? ref : `tag ${ref}`}` };
  const tag = ref === undefined || isDigest(ref) ? undefined : ref;
  const nowMs = deps.clock.now();
  const wanted: Wanted = {
    requestId: 'look-ahead',
    source: 'slack',
    config,
    configHash: configHash(config),
    configSource: source,
    tag,
    digest: found?.digest,
    change,
    override,
    order: found && orderOf({ ...found, tag }),
    requestedBy: person.id,
    slackUser: person.slackUser,
    groups: [...(person.groups ?? [])],
    requestedAt: new Date(nowMs).toISOString(),
  };
  const live = await deps.ledger.get('live', placeId(service, environment));
  const serving = live?.takenBack ? undefined : live;
  const last = serving && (await deps.ledger.get('deployments', serving.deploymentId));
  const before = serving && (await lookUpImage(deps, image, serving.digest));
  const liveImage = before instanceof Fault ? undefined : before;
  return {
    config,
    configHash: wanted.configHash,
    from: serving && { tag: serving.tag, digest: serving.digest, source: liveImage && revisionOf(liveImage) },
    to: found && { tag, digest: found.digest, source: revisionOf(found) },
    compareUrl: found && liveImage && compareUrl(liveImage, found),
    change: change ?? newChange(config.change, last?.config.change) ?? (found && labelledChange(found)),
    changes: last ? configDiff(last.config, config) : [],
    admission: await foreseeAdmission(deps.ledger, wanted, nowMs, orderLookUp(deps, image)),
    wanted,
  };
}

/** What preflight would find: one line per check, `✗` first. It only reads. */
export async function preflightFindings(deps: Deps, { config, tag, digest }: Wanted): Promise<string[]> {
  const { checks } = await preflightChecks(deps, { config, release: { tag, digest } });
  const isGood = (check: (typeof checks)[number]): boolean => check.outcome === 'pass';
  return [...checks.filter((check) => !isGood(check)), ...checks.filter(isGood)].map((check) =>
    check.outcome === 'not-run'
      ? `✗ ${check.title}: ${check.reason}`
      : isGood(check)
        ? `✓ ${check.title}: ${check.evidence.observed}`
        : `✗ ${check.title}: ${check.evidence.observed}, expected ${check.evidence.expected}`,
  );
}

const revisionLabel = 'org.opencontainers.image.revision';
const sourceLabel = 'org.opencontainers.image.source';
const revisionOf = ({ labels }: RegistryImage): string | undefined => labels[revisionLabel];

/** Where a host of sources shows what is between two revisions: GitHub and GitLab, by their addresses. */
function compareUrl(live: RegistryImage, candidate: RegistryImage): string | undefined {
  const [from, to] = [revisionOf(live), revisionOf(candidate)];
  const source = candidate.labels[sourceLabel];
  if (source === undefined || from === undefined || to === undefined || from === to) return undefined;
  if (![from, to].every((revision) => /^[0-9a-f]{7,64}$/.test(revision))) return undefined;
  const address = source.replace(/\/?$/, '').replace(/\.git$/, '');
  const [, host, path] = /^https:\/\/([a-z0-9.-]+)\/([\w.-]+(?:\/[\w.-]+)+)$/.exec(address) ?? [];
  if (host === undefined || path === undefined) return undefined;
  return `https://${host}/${path}/${host.startsWith('gitlab.') ? '-/' : ''}compare/${from}...${to}`;
}
