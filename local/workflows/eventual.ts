/**
 * A value that is there, or that comes when something has been waited for. Most steps wait for nothing: they run without
 * the cost of a promise.
 */
export type Eventual<T> = T | Promise<T>;

/** `go` with the value, at once when it is there. (Not named `then`: that would make a promise of the module.) */
export function after<A, B>(value: Eventual<A>, go: (value: A) => Eventual<B>): Eventual<B> {
  return value instanceof Promise ? value.then(go) : go(value);
}

/** As try and catch around work that may wait. */
export function rescued<T>(work: () => Eventual<T>, rescue: (error: unknown) => Eventual<T>): Eventual<T> {
  try {
    const value = work();
    return value instanceof Promise ? value.catch(rescue) : value;
  } catch (error) {
    return rescue(error);
  }
}

/** As try and finally around work that may wait. */
export function lastly<T>(work: () => Eventual<T>, end: () => void): Eventual<T> {
  let waits = false;
  try {
    const value = work();
    waits = value instanceof Promise;
    return value instanceof Promise ? value.finally(end) : value;
  } finally {
    if (!waits) end();
  }
}

/** Turn after turn until one answers something. */
export function repeat<T>(turn: () => Eventual<T | undefined>): Eventual<T> {
  for (;;) {
    const answer = turn();
    if (answer instanceof Promise) return goOn(answer, turn);
    if (answer !== undefined) return answer;
  }
}

async function goOn<T>(first: Promise<T | undefined>, turn: () => Eventual<T | undefined>): Promise<T> {
  let answer: T | undefined = await first;
  while (answer === undefined) {
    const next = turn();
    answer = next instanceof Promise ? await next : next;
  }
  return answer;
}

/** What `work` makes of each, one after another. */
export function mapInTurn<A, B>(items: readonly A[], work: (item: A) => Eventual<B>): Eventual<B[]> {
  const made: B[] = [];
  const iterator = items.values();
  return repeat(() => {
    const { done, value } = iterator.next();
    if (done) return made;
    return after(work(value), (one) => {
      made.push(one);
      return undefined;
    });
  });
}
