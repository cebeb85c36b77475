/**
 * Where the connectors of one cloud call, when all its services share an origin. A service it does not have gets a
 * path of its own under that origin: what asks there is told so by name, and never answered by another service whose
 * paths happen to be the same (Batch's jobs are those of Cloud Scheduler).
 * @param served names of services, such as `pubsub`
 */
export function connectorOrigins(
  origin: () => string,
  served: readonly string[],
): (service: string) => string {
  return (service) => {
    const isServed = served.some((name) => service === name || service.endsWith(`-${name}`));
    return isServed ? origin() : `${origin()}/${service}.googleapis.com`;
  };
}
