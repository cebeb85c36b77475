/** Replaces a method of a fake; the replacement is given the one before it. @returns puts that one back */
export function override<Port extends object, Method extends keyof Port>(
  port: Port,
  method: Method,
  by: (before: Port[Method]) => Port[Method],
): () => void {
  const before = port[method];
  port[method] = by(before);
  return () => {
    port[method] = before;
  };
}
