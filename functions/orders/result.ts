/** Why an order is not carried out; each edge has its own way to say it. */
export type RefusalKind =
  /** The person may not. */
  | 'forbidden'
  /** There is nothing of that name. */
  | 'unknown'
  /** What is there forbids it. */
  | 'conflict'
  /** It may be done all the same: whoever ordered it has to look. */
  | 'unconfirmed';

export interface Refused {
  status: 'refused';
  kind: RefusalKind;
  reason: string;
  /** What helps to see why. */
  more?: Record<string, unknown>;
}

/** What every order comes to. */
export type Ordered<Done extends object> = ({ status: 'done' } & Done) | Refused;

export const refused = (kind: RefusalKind, reason: string, more?: Record<string, unknown>): Refused => ({
  status: 'refused',
  kind,
  reason,
  ...(more === undefined ? {} : { more }),
});
