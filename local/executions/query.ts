import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';
import { parsedValue, type LocalRequest } from '#local/http.ts';

/** What any of Google's REST APIs takes. The generated client asks for enum numbers by `$alt=json;enum-encoding=int`. */
const commonQuery = {
  alt: z.enum(['json']).optional(),
  $alt: z.enum(['json', 'json;enum-encoding=int']).optional(),
  prettyPrint: z.string().optional(),
};

/** The query of a request as that shape wants it; a parameter that is not in it is refused. */
export function queryOf<Shape extends z.core.$ZodLooseShape>(
  request: LocalRequest,
  shape: Shape,
): z.output<z.ZodObject<Shape & typeof commonQuery>> {
  const query = Object.fromEntries(request.url.searchParams);
  return parsedValue(z.strictObject({ ...commonQuery, ...shape }), query);
}

/** Whether the answer shows enums as numbers. */
export function enumNumbers(query: { $alt?: string | undefined }): boolean {
  return query.$alt === 'json;enum-encoding=int';
}

/** An enum as the answer shows it. */
export function shownEnum<Name>(names: readonly Name[], name: Name | undefined, asNumber: boolean): unknown {
  return asNumber && name !== undefined ? names.indexOf(name) : name;
}

export const View = z
  .enum(['EXECUTION_VIEW_UNSPECIFIED', 'BASIC', 'FULL', '0', '1', '2'])
  .transform((view) => {
    if (view === 'BASIC' || view === '1') return 'BASIC';
    return view === 'FULL' || view === '2' ? 'FULL' : undefined;
  });

/** For lists in pages. */
export const pageQuery = {
  pageSize: z.coerce.number().int().min(0).default(0),
  pageToken: z.string().default(''),
};

const Token = z.tuple([z.int().min(0), z.string()]);

/**
 * One page of a list, with the token of the next one if there is more.
 * @param sizes `standard` without a wish; a wish above `max` gets `max`
 * @param asked all other parameters: a token of a list that was asked for with others is refused
 */
export function pageOf<T>(
  all: readonly T[],
  query: { pageSize: number; pageToken: string; skip?: number | undefined },
  sizes: { standard: number; max: number },
  asked = '',
): { items: T[]; next: { nextPageToken?: string } } {
  const size = query.pageSize === 0 ? sizes.standard : Math.min(query.pageSize, sizes.max);
  const start = (query.pageToken === '' ? 0 : offsetIn(query.pageToken, asked)) + (query.skip ?? 0);
  const end = start + size;
  const token = (): string => Buffer.from(JSON.stringify([end, asked])).toString('base64url');
  return { items: all.slice(start, end), next: end < all.length ? { nextPageToken: token() } : {} };
}

function offsetIn(token: string, asked: string): number {
  try {
    const [offset, askedBefore] = Token.parse(JSON.parse(Buffer.from(token, 'base64url').toString()));
    if (askedBefore === asked) return offset;
  } catch {
    // Not a token of this service: the same answer.
  }
  throw new GoogleError('INVALID_ARGUMENT', `page token "${token}" is not one of this list`);
}
