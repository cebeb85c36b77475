import type { Deployment } from '#shared/domain/deployment.ts';
import { reportName } from './report.ts';

const googleStorage = 'https://storage.googleapis.com';

export type ReportPage = { url: string } | { command: string };

/**
 * Where a person opens the page of a report: for a signed-in reader of the bucket at Cloud Storage's authenticated address
 * (its form, and that a browser shows the page there, is unverified). Another storage, such as a laptop's, wants a token
 * that no browser sends: there it is the command that opens the page.
 */
export function reportPage(
  deployment: Pick<Deployment, 'service' | 'environment' | 'id'>,
  { bucket, storage }: { bucket: string; storage: string },
): ReportPage {
  if (storage !== googleStorage) return { command: `slipway report ${deployment.id} --open` };
  return { url: `https://storage.cloud.google.com/${bucket}/${reportName(deployment)}.html` };
}
