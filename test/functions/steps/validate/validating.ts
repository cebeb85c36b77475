import type { ProbeAnswer, Prober } from '#shared/ports/prober.ts';
import { admitted, dispatch, establish } from '#test/support/dispatch.ts';
import { override } from '#test/support/override.ts';
import { createWorld, image, type World } from '#test/support/world.ts';

type Asked = Parameters<Prober['request']>[0];
export type Answers = (asked: Asked) => Partial<ProbeAnswer> | Promise<Partial<ProbeAnswer>>;

/** A service file of `hello` with these suites, as YAML. */
const fileWith = (suites: string, more = ''): string => `service: hello
image: ${image}
environments:
  staging: { project: slipway-local, region: us-central1 }
runtime: { access: ${more.includes('private') ? 'private' : 'public'} }
suites: ${suites}
`;

/**
 * A candidate that is deployed and may be validated.
 * @param answers what it says to every request, which are recorded
 */
export async function validating(suites: string, answers: Answers = () => ({}), more = '') {
  const world = createWorld();
  await establish(world);
  const release = { image, digest: world.release('v1'), sizeBytes: 1, platforms: ['linux/amd64'] };
  await admitted(world, { release }, fileWith(suites, more));
  await dispatch(world, 'deploy', 1);
  const asked: (Asked & { atMs: number })[] = [];
  override(world.deps.prober, 'request', () => async (request) => {
    asked.push({ ...request, atMs: world.clock.now() });
    return { status: 200, body: '', headers: {}, durationMs: 5, ...(await answers(request)) };
  });
  let seq = 1;
  /** One dispatch. */
  const validate = (phase = 'candidate') => dispatch(world, 'validate', (seq += 1), phase);
  /** Dispatches until it is no longer pending. */
  async function toTheEnd(phase?: string) {
    for (let dispatches = 1; ; dispatches += 1) {
      const done = await validate(phase);
      if (done.reply?.status !== 'pending') return { ...done, dispatches };
      await world.pass(Math.max(0, done.reply.again - world.clock.now() / 1000));
    }
  }
  return { world, asked, validate, toTheEnd };
}

/** What is on record of a step's checks. */
export const outcomes = ({ checks }: { checks: { id: string; step: string; outcome: string }[] }) =>
  checks.filter(({ step }) => step === 'validate').map(({ id, outcome }) => [id, outcome]);

export const jobOf = (world: World) => world.jobs.executions.at(-1)!;
