import { buildImage } from '#local/build/image.ts';
import { pushImage } from '#local/build/push-image.ts';
import { readFolder } from '#local/build/source.ts';

/**
 * Builds a folder into an image and pushes it. @param options.replace contents that take the place of files' own
 * @returns the image's digest
 */
export async function pushFolder(options: {
  directory: string;
  replace?: Record<string, string>;
  /** `http://127.0.0.1:PORT` of the registry. */
  endpoint: string;
  token: string;
  /** `PROJECT/REPOSITORY/IMAGE` */
  name: string;
  tag: string;
}): Promise<string> {
  const { directory, replace = {}, ...target } = options;
  const { files } = await readFolder(directory);
  const unknown = Object.keys(replace).filter((path) => !files.some((file) => file.path === path));
  if (unknown.length > 0) throw new Error(`${directory} has no ${unknown.join(', ')} to replace`);
  const changed = files.map((file) => {
    const content = replace[file.path];
    return content === undefined ? file : { ...file, content: Buffer.from(content) };
  });
  return pushImage({ ...target, image: await buildImage(changed) });
}
