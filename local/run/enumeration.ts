import { z } from 'zod';

/**
 * An enum of Google's JSON: read by name or by number, kept by name, written by number on request (`z.encode`).
 * A number or name that is not in the table is refused.
 */
function enumeration<const Numbers extends Record<string, number>>(numbers: Numbers) {
  type Name = keyof Numbers & string;
  const names = Object.keys(numbers) as [Name, ...Name[]];
  const nameOf = (wire: string | number): string =>
    typeof wire === 'string' ? wire : (names.find((name) => numbers[name] === wire) ?? String(wire));
  return z.codec(z.union([z.string(), z.int()]), z.enum(names), {
    // The enum behind the codec refuses what is no name, so the assertion cannot let one through.
    decode: (wire) => nameOf(wire) as Name,
    encode: (name) => numbers[name] ?? 0,
  });
}

export const ConditionState = enumeration({
  STATE_UNSPECIFIED: 0,
  CONDITION_PENDING: 1,
  CONDITION_RECONCILING: 2,
  CONDITION_FAILED: 3,
  CONDITION_SUCCEEDED: 4,
});

/** Of conditions, which only this side writes, the values it writes. */
export const Severity = enumeration({ SEVERITY_UNSPECIFIED: 0, ERROR: 1 });

export const CommonReason = enumeration({
  COMMON_REASON_UNDEFINED: 0,
  UNKNOWN: 1,
  REVISION_FAILED: 3,
  CONTAINER_MISSING: 6,
  CONTAINER_PERMISSION_DENIED: 7,
  SECRETS_ACCESS_CHECK_FAILED: 12,
  INTERNAL: 16,
});
export type CommonReason = z.output<typeof CommonReason>;

export const RevisionReason = enumeration({ REVISION_REASON_UNDEFINED: 0, HEALTH_CHECK_CONTAINER_ERROR: 6 });
export type RevisionReason = z.output<typeof RevisionReason>;

export const ExecutionReason = enumeration({
  EXECUTION_REASON_UNDEFINED: 0,
  NON_ZERO_EXIT_CODE: 2,
  CANCELLED: 3,
  CANCELLING: 4,
});

export const CompletionStatus = enumeration({
  COMPLETION_STATUS_UNSPECIFIED: 0,
  EXECUTION_SUCCEEDED: 1,
  EXECUTION_FAILED: 2,
  EXECUTION_RUNNING: 3,
  EXECUTION_PENDING: 4,
  EXECUTION_CANCELLED: 5,
});

export const TrafficType = enumeration({
  TRAFFIC_TARGET_ALLOCATION_TYPE_UNSPECIFIED: 0,
  TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST: 1,
  TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION: 2,
});

export const Ingress = enumeration({
  INGRESS_TRAFFIC_UNSPECIFIED: 0,
  INGRESS_TRAFFIC_ALL: 1,
  INGRESS_TRAFFIC_INTERNAL_ONLY: 2,
  INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER: 3,
  INGRESS_TRAFFIC_NONE: 4,
});

export const LaunchStage = enumeration({
  LAUNCH_STAGE_UNSPECIFIED: 0,
  EARLY_ACCESS: 1,
  ALPHA: 2,
  BETA: 3,
  GA: 4,
  DEPRECATED: 5,
  UNIMPLEMENTED: 6,
  PRELAUNCH: 7,
});

export const ScalingMode = enumeration({ SCALING_MODE_UNSPECIFIED: 0, AUTOMATIC: 1, MANUAL: 2 });

export const VpcEgress = enumeration({ VPC_EGRESS_UNSPECIFIED: 0, ALL_TRAFFIC: 1, PRIVATE_RANGES_ONLY: 2 });

export const ExecutionEnvironment = enumeration({
  EXECUTION_ENVIRONMENT_UNSPECIFIED: 0,
  EXECUTION_ENVIRONMENT_GEN1: 1,
  EXECUTION_ENVIRONMENT_GEN2: 2,
});

export const Medium = enumeration({ MEDIUM_UNSPECIFIED: 0, MEMORY: 1 });

export const KeyRevocationAction = enumeration({
  ENCRYPTION_KEY_REVOCATION_ACTION_UNSPECIFIED: 0,
  PREVENT_NEW: 1,
  SHUTDOWN: 2,
});
