import { GoogleError } from '#local/google-error.ts';

/** A field of a resource that a list can be filtered and ordered by. */
export interface Field<T> {
  kind: 'text' | 'number' | 'time' | 'duration' | 'boolean';
  /** Of the values of an enum, which `read` leaves out and a filter may leave out too. */
  prefix?: string;
  /** As the API shows it; undefined when the resource has none. */
  read(item: T): string | undefined;
}

export type FieldTable<T> = Readonly<Record<string, Field<T>>>;

/** @throws GoogleError INVALID_ARGUMENT for a name that is not in the table, or a label's key where labels are none of its fields */
export function fieldOf<T>(table: FieldTable<T>, name: string, labelsOf?: LabelsOf<T>): Field<T> {
  const known = Object.hasOwn(table, name) ? table[name] : undefined;
  if (known) return known;
  const key = /^labels\.([\p{L}\p{N}_-]+)$/u.exec(name)?.[1];
  if (labelsOf && key !== undefined) return { kind: 'text', read: (item) => labelsOf(item)[key] };
  const names = [...Object.keys(table), ...(labelsOf ? ['labels.KEY'] : [])];
  throw new GoogleError('INVALID_ARGUMENT', `field "${name}" is unknown: expected ${names.join(', ')}`);
}

export type LabelsOf<T> = (item: T) => Readonly<Record<string, string>>;

/** A value of that kind as something that can be compared. @throws GoogleError INVALID_ARGUMENT when it is none */
export function comparable(kind: Field<unknown>['kind'], text: string): string | number {
  if (kind === 'text' || kind === 'boolean') return text;
  const number =
    kind === 'time' ? Date.parse(text) : Number(kind === 'duration' ? text.replace(/s$/, '') : text);
  if (text !== '' && !Number.isNaN(number)) return number;
  throw new GoogleError('INVALID_ARGUMENT', `"${text}" is not a ${kind}`);
}

/**
 * `order_by` of a list: fields joined by commas, each with ` desc` or in ascending order. What a resource does not have
 * comes first.
 * @see https://google.aip.dev/132#ordering
 */
export function orderBy<T>(text: string, table: FieldTable<T>): (left: T, right: T) => number {
  const terms = text
    .split(',')
    .filter((term) => term.trim() !== '')
    .map((term) => {
      const [name = '', direction = 'asc', ...more] = term.trim().split(/\s+/);
      if ((direction !== 'asc' && direction !== 'desc') || more.length > 0) {
        throw new GoogleError(
          'INVALID_ARGUMENT',
          `"${term.trim()}" is not an order: expected FIELD or FIELD desc`,
        );
      }
      return { field: fieldOf(table, name), sign: direction === 'desc' ? -1 : 1 };
    });
  return (left, right) => {
    for (const { field, sign } of terms) {
      const order = compare(field, left, right);
      if (order !== 0) return order * sign;
    }
    return 0;
  };
}

function compare<T>(field: Field<T>, left: T, right: T): number {
  const [one, other] = [field.read(left), field.read(right)];
  if (one === undefined || other === undefined)
    return Number(one !== undefined) - Number(other !== undefined);
  const [a, b] = [comparable(field.kind, one), comparable(field.kind, other)];
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
