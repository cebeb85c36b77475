import { changeOfLabels } from '#shared/domain/change.ts';
import { shortDigest } from '#shared/domain/image.ts';
import { candidateTag } from '#shared/domain/ids.ts';
import type { Check } from '#shared/domain/check.ts';
import { rollBackLabel } from '#shared/domain/way-back.ts';
import { sizeInWords } from '#shared/report/words.ts';
import type { Step } from '#functions/steps/step.ts';

/** Finds the image in the registry and fixes the release to its digest: from here on no tag matters. */
export const push: Step = {
  name: 'push',
  async run({ deps, deployment, message }) {
    const { image } = deployment.config;
    const { tag, digest } = deployment.request;
    const reference = digest ?? tag ?? candidateTag(deployment.id);
    const found = await deps.registry.resolve(image, reference);
    const at = new Date(deps.clock.now()).toISOString();
    const base = { suite: 'Image', severity: 'required' as const, step: message.step, phase: message.phase };
    const evidence = { source: `registry ${image}`, asked: reference, at };
    if (!found) {
      const check: Check = {
        ...base,
        id: 'exists',
        title: 'Image is in the registry',
        outcome: 'fail',
        evidence: { ...evidence, observed: 'not found', expected: 'a manifest' },
      };
      return { status: 'rejected', reason: `${image} has no ${reference}`, patch: { checks: [check] } };
    }
    // https://cloud.google.com/run/docs/container-contract: executables must be compiled for Linux 64-bit (x86_64).
    const runs = found.platforms.includes('linux/amd64');
    const checks: Check[] = [
      {
        ...base,
        id: 'exists',
        title: 'Image is in the registry',
        outcome: 'pass',
        evidence: { ...evidence, observed: found.digest, expected: digest ?? 'a manifest' },
      },
      {
        ...base,
        id: 'platform',
        title: 'Image runs on Cloud Run',
        outcome: runs ? 'pass' : 'fail',
        evidence: {
          ...evidence,
          observed: found.platforms.join(', ') || 'no platform named',
          expected: 'linux/amd64',
        },
      },
    ];
    if (!runs) {
      return {
        status: 'rejected',
        reason: `the image is for ${found.platforms.join(', ')}, Cloud Run needs linux/amd64`,
        patch: { checks },
      };
    }
    const label = found.labels[rollBackLabel];
    if (label !== undefined && label !== 'automatic' && label !== 'never') {
      // Taken for "automatic", a misspelt safeguard would be none.
      return {
        status: 'rejected',
        reason: `the image's label ${rollBackLabel} is "${label}": expected never or automatic`,
        patch: { checks },
      };
    }
    const said = changeOfLabels(found.labels);
    if (said) {
      const bad = 'problem' in said;
      checks.push({
        ...base,
        id: 'change-labels',
        title: 'Image says what it is for',
        severity: 'advisory',
        outcome: bad ? 'fail' : 'pass',
        evidence: {
          ...evidence,
          observed: bad ? said.problem : `${said.change.id}: ${said.change.title}`,
          expected: 'labels dev.slipway.change.id and .title, with or without .url and .claims',
        },
      });
    }
    const source = found.labels['org.opencontainers.image.revision'];
    const version = found.labels['org.opencontainers.image.version'];
    return {
      status: 'succeeded',
      summary: `${shortDigest(found.digest)}, ${sizeInWords(found.sizeBytes)}, ${found.platforms.join(', ')}`,
      patch: {
        checks,
        release: {
          image,
          digest: found.digest,
          ...(tag === undefined ? {} : { tag }),
          sizeBytes: found.sizeBytes,
          platforms: found.platforms,
          ...(source === undefined ? {} : { source }),
          ...(version === undefined ? {} : { version }),
          ...(label === undefined ? {} : { rollBack: label }),
          ...(said && 'change' in said ? { change: said.change } : {}),
        },
      },
    };
  },
};
