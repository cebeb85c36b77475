import type { Check } from '#shared/domain/check.ts';
import { preflightChecks, type Preflight } from '#functions/preflight/preflight.ts';
import { configsOf } from '#test/shared/config/hello-file.ts';
import type { World } from '#test/support/world.ts';

/** What preflight says of that service file and the release `v1`. */
export const preflightOf = (world: World, text: string): Promise<Preflight> =>
  world.finish(preflightChecks(world.deps, { config: configsOf(text)[0]!, release: { tag: 'v1' } }));

/** A check by `SUITE / ID`; undefined when there is none. */
export const named = ({ checks }: Preflight, name: string): Check | undefined =>
  checks.find(({ suite, id }) => `${suite} / ${id}` === name);

export const saidBy = (check: Check | undefined): string =>
  check === undefined ? '' : check.outcome === 'not-run' ? check.reason : check.evidence.observed;
