/** Ends a switch over all kinds of something: the compiler refuses it when a kind is not handled. */
export function unreachable(value: never): Error {
  return new Error(`not handled: ${JSON.stringify(value)}`);
}
