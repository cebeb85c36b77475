import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { pushFolder } from '#local/build/push-folder.ts';
import { place } from '#local/place.ts';
import { messageOf } from '#shared/errors.ts';
import { askMetadata, connectTo, requireStack } from '#cli/connect.ts';
import type { Context } from '#cli/context.ts';
import { CommandError, exit, usageError } from '#cli/exit.ts';
import { goesOn } from '#cli/follow.ts';
import type { StackFile } from '#cli/stack-file.ts';
import { wentLive } from '#cli/words.ts';
import { followPush } from './follow-push.ts';

/** A folder to be built into an image of the local registry. */
export interface Source {
  directory: string;
  /** The image's name in the local repository. */
  image: string;
  tag: string;
  /** Takes the place of release.json. */
  release?: string;
}

/** `slipway local push DIRECTORY --tag TAG [--set key=value …]` */
export async function push(options: {
  context: Context;
  stateDirectory: string;
  directory: string;
  tag: string;
  image?: string | undefined;
  set: string[];
}): Promise<number> {
  const { context, directory, tag, set } = options;
  const { terminal } = context;
  const stack = await requireStack(options.stateDirectory);
  const api = connectTo(stack);
  const { signal } = context.interrupt();
  const source = {
    directory,
    tag,
    image: options.image ?? basename(resolve(directory)),
    ...(set.length === 0 ? {} : { release: await changedRelease(directory, set) }),
  };
  const before = await api.deployments({}, 200);
  const digest = await pushSource(stack, source);
  terminal.print(`Pushed ${source.image}:${tag} ${digest}`);
  let running: string | undefined;
  try {
    const ended = await followPush({ context, api, digest, before, onStart: (id) => (running = id) });
    return ended.every(wentLive) ? exit.done : exit.no;
  } catch (error) {
    if (!signal.aborted || running === undefined) throw error;
    throw new CommandError(exit.interrupted, goesOn(running), { cause: error });
  }
}

/** Builds and pushes. @returns the image's digest @throws CommandError when the folder cannot be built */
export async function pushSource(
  { metadataHost, registryOrigin }: StackFile,
  { directory, image, tag, release }: Source,
): Promise<string> {
  const answer = z
    .object({ access_token: z.string() })
    .parse(JSON.parse(await askMetadata(metadataHost, 'token')));
  try {
    return await pushFolder({
      directory,
      ...(release === undefined ? {} : { replace: { 'release.json': release } }),
      endpoint: registryOrigin,
      token: answer.access_token,
      name: `${place.repository}/${image}`,
      tag,
    });
  } catch (error) {
    throw new CommandError(exit.no, `${directory} was not pushed: ${messageOf(error)}`, { cause: error });
  }
}

/** release.json of the folder with some keys changed; a value that is JSON (`20`, `true`) is taken as that. */
async function changedRelease(directory: string, set: readonly string[]): Promise<string> {
  const file = join(directory, 'release.json');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw usageError(`--set changes ${file}, which cannot be read: ${messageOf(error)}`);
  });
  const release = z.record(z.string(), z.json()).parse(JSON.parse(text));
  for (const word of set) {
    const [, key, value] = /^([\w.-]+)=(.*)$/s.exec(word) ?? [];
    if (key === undefined || value === undefined) throw usageError(`--set "${word}": expected key=value`);
    // Own keys only, so that no key can mean the object's prototype.
    Object.defineProperty(release, key, { value: jsonOr(value), enumerable: true, configurable: true });
  }
  return JSON.stringify(release);
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the word itself.
    return text;
  }
}
