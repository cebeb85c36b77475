import { analysisBake } from './analysis-bake.ts';
import { backgroundCpu } from './background-cpu.ts';
import { backgroundMinInstances } from './background-min-instances.ts';
import { cloudSqlRegion } from './cloud-sql-region.ts';
import { cloudSqlSocketPath } from './cloud-sql-socket-path.ts';
import { componentTimeoutsRequest } from './component-timeouts-request.ts';
import { componentTimeoutsStartup } from './component-timeouts-startup.ts';
import { connectorThroughput } from './connector-throughput.ts';
import { cpuAlwaysAllocated } from './cpu-always-allocated.ts';
import { cpuMemory } from './cpu-memory.ts';
import { databaseConnectionBudget } from './database-connection-budget.ts';
import { databaseInstanceConnections } from './database-instance-connections.ts';
import { databaseOverflowStartup } from './database-overflow-startup.ts';
import { databasePoolConcurrency } from './database-pool-concurrency.ts';
import { databasePoolUsualLoad } from './database-pool-usual-load.ts';
import { databaseRolloutBudget } from './database-rollout-budget.ts';
import { databaseStartupTimeout } from './database-startup-timeout.ts';
import { directEgressStartupProbe } from './direct-egress-startup-probe.ts';
import { directEgressThroughput } from './direct-egress-throughput.ts';
import { egressCloudSql } from './egress-cloud-sql.ts';
import { fractionalCpu } from './fractional-cpu.ts';
import { healthProbeGrace } from './health-probe-grace.ts';
import { livenessMissing } from './liveness-missing.ts';
import { livenessTolerance } from './liveness-tolerance.ts';
import { loadBalancerRequestTimeout } from './load-balancer-request-timeout.ts';
import { loadBalancerWebSocket } from './load-balancer-websocket.ts';
import { memoryConcurrency } from './memory-concurrency.ts';
import type { Rule } from './rule.ts';
import { secretsPinned } from './secrets-pinned.ts';
import { shutdownTime } from './shutdown-time.ts';
import { slowStartMinInstances } from './slow-start-min-instances.ts';
import { startupBudgetCap } from './startup-budget-cap.ts';
import { startupCpuBoost } from './startup-cpu-boost.ts';
import { startupDetection } from './startup-detection.ts';
import { startupProbeBudget } from './startup-probe-budget.ts';
import { trafficColdStart } from './traffic-cold-start.ts';
import { vpcDirectEgress } from './vpc-direct-egress.ts';
import { vpcRegion } from './vpc-region.ts';
import { webSocketCapacity } from './websocket-capacity.ts';
import { webSocketIdleDelays } from './websocket-idle-delays.ts';
import { webSocketMinInstances } from './websocket-min-instances.ts';
import { webSocketPing } from './websocket-ping.ts';
import { webSocketRequestTimeout } from './websocket-request-timeout.ts';

/** Every rule there is, in the order in which they are told. */
export const rules: readonly Rule[] = [
  databaseConnectionBudget,
  databaseRolloutBudget,
  databaseInstanceConnections,
  databasePoolUsualLoad,
  databasePoolConcurrency,
  databaseOverflowStartup,
  cpuMemory,
  fractionalCpu,
  memoryConcurrency,
  backgroundCpu,
  cpuAlwaysAllocated,
  livenessMissing,
  secretsPinned,
  backgroundMinInstances,
  webSocketMinInstances,
  webSocketCapacity,
  slowStartMinInstances,
  startupCpuBoost,
  trafficColdStart,
  cloudSqlRegion,
  cloudSqlSocketPath,
  egressCloudSql,
  vpcRegion,
  vpcDirectEgress,
  connectorThroughput,
  directEgressStartupProbe,
  directEgressThroughput,
  databaseStartupTimeout,
  startupBudgetCap,
  startupProbeBudget,
  startupDetection,
  healthProbeGrace,
  webSocketRequestTimeout,
  webSocketIdleDelays,
  webSocketPing,
  loadBalancerRequestTimeout,
  loadBalancerWebSocket,
  componentTimeoutsRequest,
  componentTimeoutsStartup,
  livenessTolerance,
  shutdownTime,
  analysisBake,
];
