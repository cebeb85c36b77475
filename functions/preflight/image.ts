import type { RegistryImage } from '#shared/ports/images.ts';
import type { Answer, Question } from './question.ts';
import type { Scene } from './scene.ts';

const mebibyte = 1024 * 1024;
const inMiB = (bytes: number): string => `${(bytes / mebibyte).toFixed(1)} MiB`;

/** The image that is to be deployed; undefined when the registry does not have it. */
export const imageOf = ({ look, deps, config, reference = '' }: Scene): Promise<RegistryImage | undefined> =>
  look.at(`image ${config.image} ${reference}`, () => deps.registry.resolve(config.image, reference));

/** The image is there and fits Cloud Run and the file's own rules; before there is one, its repository is. */
export function imageQuestions(scene: Scene): Question[] {
  const { config, reference } = scene;
  const { image, imageRules = {} } = config;
  const base = {
    suite: 'Registry',
    source: `registry ${image}`,
    // The step `push` asks again.
    unanswered: 'advisory' as const,
    grant: 'roles/artifactregistry.reader',
  };
  if (reference === undefined) return [{ ...base, ...repositoryQuestion(scene) }];

  /** The other questions are about an image that exists; that there is none is told by the first. */
  const about = async (judge: (found: RegistryImage) => Answer): Promise<Answer> => {
    const found = await imageOf(scene);
    return found ? judge(found) : { notRun: `${image} has no ${reference}`, severity: 'advisory' };
  };
  const { maximumSizeMiB, labels } = imageRules;
  return [
    {
      ...base,
      id: 'exists',
      title: 'Image is in the registry',
      asked: reference,
      expected: 'a manifest',
      async ask() {
        const found = await imageOf(scene);
        return found
          ? { pass: true, observed: `${found.digest}, ${found.mediaType}` }
          : { pass: false, observed: `${image} has no ${reference}` };
      },
    },
    {
      // https://cloud.google.com/run/docs/container-contract: executables for Linux 64-bit (x86_64).
      ...base,
      id: 'platform',
      title: 'Image runs on Cloud Run',
      asked: 'platforms',
      expected: 'linux/amd64',
      ask: () =>
        about(({ platforms }) => ({
          pass: platforms.includes('linux/amd64'),
          observed: platforms.join(', ') || 'no platform named',
        })),
    },
    ...(maximumSizeMiB === undefined
      ? []
      : [
          {
            ...base,
            id: 'size',
            title: 'Image is no larger than the file allows',
            severity: 'advisory' as const,
            asked: 'compressed size',
            expected: `at most ${maximumSizeMiB} MiB`,
            ask: () =>
              about(({ sizeBytes }) => ({
                pass: sizeBytes <= maximumSizeMiB * mebibyte,
                observed: inMiB(sizeBytes),
                recommendation: {
                  change: 'Make the image smaller, or raise imageRules.maximumSizeMiB',
                  measured: inMiB(sizeBytes),
                  limit: `${maximumSizeMiB} MiB`,
                  rule: 'imageRules.maximumSizeMiB',
                },
              })),
          },
        ]),
    ...(labels === undefined
      ? []
      : [
          {
            ...base,
            id: 'labels',
            title: 'Image carries the labels that the file wants',
            asked: labels.join(', '),
            expected: 'all of them',
            ask: () =>
              about((found) => {
                const missing = labels.filter((label) => !found.labels[label]);
                const observed = missing.length === 0 ? 'all of them' : `missing: ${missing.join(', ')}`;
                return { pass: missing.length === 0, observed };
              }),
          },
        ]),
  ];
}

function repositoryQuestion({ look, deps, config }: Scene): Omit<Question, 'suite' | 'source'> {
  return {
    id: 'repository',
    title: 'Image repository exists',
    asked: 'repository',
    expected: 'a repository that can be read',
    async ask() {
      const found = await look.at(`repository of ${config.image}`, () =>
        deps.registry.repository(config.image),
      );
      if (found === undefined)
        return { notRun: 'the image is not in Artifact Registry', severity: 'advisory' };
      return found === 'absent'
        ? { pass: false, observed: 'there is no such repository' }
        : { pass: true, observed: found.name };
    },
  };
}
