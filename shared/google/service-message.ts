import type { protos } from '@google-cloud/run';
import { Fault } from '#shared/domain/fault.ts';
import { messageOf } from '#shared/errors.ts';
import type { RawJson } from '#shared/ports/cloud-run.ts';

type ServiceMessage = protos.google.cloud.run.v2.IService;
type MessageType = typeof protos.google.cloud.run.v2.Service;

/**
 * Google's JSON of a service → the generated client's message. The client drops what it does not know without a word
 * (traps 11), and then something else would run than the service file says: here that is a fault which names the field.
 */
export function serviceMessage(type: MessageType, json: RawJson): ServiceMessage {
  let message: ServiceMessage;
  try {
    message = type.toObject(type.fromObject(withDurations(json)), { enums: String, longs: String });
  } catch (error) {
    throw new Fault('invalid-input', `Cloud Run's client does not take this service: ${messageOf(error)}`);
  }
  const lost = firstLost(withDurations(json), message, '');
  if (lost !== undefined) {
    throw new Fault(
      'invalid-input',
      `Cloud Run's client does not know "${lost.path}" with the value ${lost.value}`,
    );
  }
  return message;
}

/** The one duration of a service's JSON, `"300s"`, is a message of its own to the client. */
function withDurations(json: RawJson): RawJson {
  const template = json['template'] as RawJson | undefined;
  const timeout = template?.['timeout'];
  const seconds = typeof timeout === 'string' ? /^(\d+)s$/.exec(timeout)?.[1] : undefined;
  return seconds === undefined ? json : { ...json, template: { ...template, timeout: { seconds } } };
}

function firstLost(given: unknown, kept: unknown, path: string): { path: string; value: string } | undefined {
  if (typeof given === 'object' && given !== null) {
    for (const [key, value] of Object.entries(given)) {
      const inside = typeof kept === 'object' && kept !== null ? (kept as RawJson)[key] : undefined;
      const lost = firstLost(value, inside, path === '' ? key : `${path}.${key}`);
      if (lost !== undefined) return lost;
    }
    return undefined;
  }
  // An int64 is text in one form and a number in the other.
  const isSame =
    given === undefined ||
    given === kept ||
    (isScalar(given) && isScalar(kept) && String(given) === String(kept));
  return isSame ? undefined : { path, value: JSON.stringify(given) };
}

const isScalar = (value: unknown): value is string | number =>
  typeof value === 'string' || typeof value === 'number';
