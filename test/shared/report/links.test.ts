import { expect, it } from 'vitest';
import { reportPage } from '#shared/report/links.ts';
import { deploymentOf } from '#test/support/deployment.ts';

it('the page of a report is opened at the authenticated address of the bucket, or by a command where there is none', () => {
  const place = { bucket: 'slipway-reports', storage: 'https://storage.googleapis.com' };
  expect(reportPage(deploymentOf(), place)).toEqual({
    url: 'https://storage.cloud.google.com/slipway-reports/reports/hello/staging/d1f3k7q2x9ab.html',
  });
  expect(reportPage(deploymentOf(), { ...place, storage: 'http://127.0.0.1:4000' })).toEqual({
    command: 'slipway report d1f3k7q2x9ab --open',
  });
});
