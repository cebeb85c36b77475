import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { place } from '#local/place.ts';

/** The examples of this checkout. */
export const examplesDirectory = fileURLToPath(new URL('../../../examples/', import.meta.url));

/** Puts the example service files into the bucket, except those that are there. @returns their names in the bucket */
export async function uploadServiceFiles(origin: string, token: string): Promise<string[]> {
  const directory = new URL('services/', new URL(`file://${examplesDirectory}`));
  const names = (await readdir(directory)).filter((name) => /\.ya?ml$/.test(name));
  const uploaded: string[] = [];
  for (const name of names) {
    const object = `services/${name}`;
    const url = new URL(`/upload/storage/v1/b/${place.bucket}/o`, origin);
    // Generation 0: only if there is none. What a person put there stays.
    url.search = new URLSearchParams({
      uploadType: 'media',
      name: object,
      ifGenerationMatch: '0',
    }).toString();
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/yaml' },
      body: await readFile(new URL(name, directory), 'utf8'),
    });
    if (answer.ok) uploaded.push(object);
    else if (answer.status !== 412)
      throw new Error(`${object} was not uploaded: ${answer.status} ${await answer.text()}`);
  }
  return uploaded;
}
