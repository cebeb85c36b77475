import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readTerraform } from '#cli/doctor-gcp/terraform.ts';
import { readModule, root } from './module.ts';

/** Google's APIs that are called are switched on in the project whose accounts call them, and no other is. */

const { apis } = await readTerraform(async (name) => readFileSync(`${root}terraform/${name}`, 'utf8'));

const files = ['shared', 'functions'].flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(`${root}${folder}/${name}`, 'utf8')),
);
// As an address, or given to what makes one; a name of something in an API (`//run.googleapis.com/projects/…`) calls nothing.
const called = new Set(
  files.flatMap((text) =>
    [...text.matchAll(/(?:'https:\/\/|endpointOf\('|^ {2}')([a-z]+\.googleapis\.com)'/gm)].map(
      ([, host = '']) => host,
    ),
  ),
);

/** Counted for the project that has the network: docs.cloud.google.com/docs/quotas/quota-project names it for that. */
const elsewhere = ['compute.googleapis.com'];

test('every API that the code calls is on, but those that are asked for in another project', () => {
  expect(called.size).toBeGreaterThan(12);
  expect([...called].filter((host) => !apis.includes(host)).sort()).toEqual(elsewhere);
});

/** Why an API is on that no code of ours calls by an address: by a type of resource, or in words. */
const because: Record<string, string> = {
  'cloudfunctions.googleapis.com': 'google_cloudfunctions2_function',
  'cloudscheduler.googleapis.com': 'google_cloud_scheduler_job',
  'firestore.googleapis.com': 'google_firestore_database',
  'workflows.googleapis.com': 'google_workflows_workflow',
};

test('no other API is on than those that are called, and what Terraform makes', () => {
  const { resources } = readModule('terraform');
  const types = new Set(resources.map(({ type }) => type));
  const more = Object.keys(because).filter((api) => types.has(because[api] ?? ''));
  expect(apis.toSorted()).toEqual(
    [...new Set([...called, ...more])].filter((host) => !elsewhere.includes(host)).sort(),
  );
});
