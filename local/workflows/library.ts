import { collectionFunctions } from '#local/workflows/library/collections.ts';
import { connectorFunctions } from '#local/workflows/library/connectors.ts';
import { encodingFunctions } from '#local/workflows/library/encoding.ts';
import { eventFunctions } from '#local/workflows/library/events.ts';
import { experimentalFunctions } from '#local/workflows/library/experimental.ts';
import type { LibraryFunction } from '#local/workflows/library/function.ts';
import { gkeFunctions } from '#local/workflows/library/gke.ts';
import { helperFunctions } from '#local/workflows/library/helpers.ts';
import { httpFunctions } from '#local/workflows/library/http.ts';
import { retryFunctions } from '#local/workflows/library/retry.ts';
import { systemFunctions } from '#local/workflows/library/system.ts';
import { textFunctions } from '#local/workflows/library/text.ts';

/** Every function this runtime knows, by name. What is not here is refused at deployment. */
export const library: ReadonlyMap<string, LibraryFunction> = new Map(
  [
    ...helperFunctions,
    ...collectionFunctions,
    ...encodingFunctions,
    ...textFunctions,
    ...systemFunctions,
    ...retryFunctions,
    ...httpFunctions,
    ...eventFunctions,
    ...experimentalFunctions,
    ...connectorFunctions,
    ...gkeFunctions,
  ].map((known) => [known.name, known]),
);
