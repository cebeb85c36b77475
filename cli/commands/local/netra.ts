import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { buildImage } from '#local/build/image.ts';
import { pushImage } from '#local/build/push-image.ts';
import { accounts, place } from '#local/place.ts';
import { formatProblems } from '#shared/config/problems.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import type { Change } from '#shared/domain/change.ts';
import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { openDemoStack, type DemoStack } from './demo-stack.ts';
import { furnishNetra } from './netra-cloud.ts';
import { archiveOf, netraSource } from './netra-image.ts';
import { examplesDirectory } from './service-files.ts';

const directory = join(examplesDirectory, 'netra');

/** examples/netra/before-1278.yaml */
const BeforeFile = z.strictObject({
  /** Sections that are laid over the service file, as they were before the change. */
  before: z.record(z.string(), z.json()),
  /** Titles of suites that came with it. */
  newSuites: z.array(z.string()),
});

/** What the scenario starts from, as the example's files say it. */
export interface NetraInputs {
  /** The service file's text, with the change and as it was before it. */
  file: string;
  fileBefore: string;
  /** That the file names. */
  change: Change;
}

/** The scenario of examples/netra on a stack of its own, gone afterwards. */
export interface Netra {
  demo: DemoStack;
  /**
   * Puts the file into the bucket and an image into the registry, or the source where the file's `build` looks for it, asks
   * for a deployment and waits for its end.
   */
  deploy(release: {
    file: string;
    /** Of the image. */
    version: string;
    minify: boolean;
    from?: 'image' | 'source';
  }): Promise<Deployment>;
  close(): Promise<void>;
}

export async function readNetraInputs(): Promise<NetraInputs> {
  const file = await readFile(join(directory, 'services/netra-backend.yaml'), 'utf8');
  const text = await readFile(join(directory, 'before-1278.yaml'), 'utf8');
  const { before, newSuites } = BeforeFile.parse(parse(text));
  const { change } = configOf(file);
  if (!change) throw new Error('netra-backend.yaml names no change');
  const {
    suites,
    environments,
    change: _,
    ...rest
  } = z
    .looseObject({
      suites: z.array(z.looseObject({ title: z.string() })),
      environments: z.record(z.string(), z.record(z.string(), z.json())),
      change: z.unknown(),
    })
    .parse(parse(file));
  const fileBefore = stringify({
    ...rest,
    suites: suites.filter(({ title }) => !newSuites.includes(title)),
    // Slipway itself lays an environment over the file.
    environments: Object.fromEntries(
      Object.entries(environments).map(([name, own]) => [name, { ...own, ...before }]),
    ),
  });
  return { file, fileBefore, change };
}

/** @param inputs what the project is furnished for */
export async function openNetra(inputs: NetraInputs, signal: AbortSignal): Promise<Netra> {
  const config = configOf(inputs.file);
  const demo = await openDemoStack(signal);
  const uploadSource = async (version: string, minify: boolean): Promise<void> => {
    const object = config.build?.source.replace(`gs://${place.bucket}/`, '');
    if (object === undefined) throw new Error('netra-backend.yaml has no build.source');
    const source = await netraSource(directory, { version, minify });
    await demo.put(object, 'application/gzip', await archiveOf(source));
  };
  const push = async (version: string, minify: boolean): Promise<string> => {
    await pushImage({
      endpoint: demo.stack.registryOrigin,
      token: demo.stack.identity.accessToken(accounts.developer),
      name: `${place.repository}/${config.service}`,
      tag: version,
      image: await buildImage(await netraSource(directory, { version, minify })),
    });
    return version;
  };
  try {
    await furnishNetra(demo.stack, config, `${config.image}:${await push('base', false)}`);
  } catch (error) {
    await demo.close();
    throw error;
  }
  return {
    demo,
    async deploy({ file, version, minify, from = 'image' }) {
      await demo.upload(config.service, file);
      const image = from === 'image' ? { tag: await push(version, minify) } : {};
      if (from === 'source') await uploadSource(version, minify);
      const { service, environment } = config;
      const answer = await demo.api('POST', '/deployments', {
        requestId: randomUUID(),
        service,
        environment,
        ...image,
      });
      if (!answer.ok) throw new Error(`${version}: ${answer.status} ${await answer.text()}`);
      const { requestId } = z.object({ requestId: z.string() }).parse(await answer.json());
      return demo.until(`the deployment of ${version}`, async () => {
        const [record] = await demo.ledger.list('requests', { requestId }, 1);
        if (record && record.deploymentId === undefined)
          throw new Error(`${version} was ${record.decision}: ${record.reason}`);
        const found = record?.deploymentId && (await demo.ledger.get('deployments', record.deploymentId));
        return found && isFinished(found) ? found : undefined;
      });
    },
    close: () => demo.close(),
  };
}

function configOf(text: string): ServiceConfig {
  const read = parseServiceFile(text, 'netra-backend.yaml');
  if (read.status === 'invalid') throw new Error(formatProblems(read.problems));
  const [config] = read.configs;
  if (!config) throw new Error('netra-backend.yaml has no environment');
  return config;
}
