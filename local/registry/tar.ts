import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { messageOf } from '#shared/errors.ts';

/** One entry of an archive, its path checked: relative, `/` between the parts, no `..`. */
export interface TarEntry {
  path: string;
  /** Links, devices and the like are told here and never followed; whoever reads decides to refuse them. */
  type: Header['type'] | 'unknown';
  isExecutable: boolean;
  content: Buffer;
}

/** Enough for a service's image on a laptop, small enough that a bomb does no harm. */
const defaultLimits = { bytes: 512 * 1024 * 1024, entries: 50_000 };

/** Reads a tar archive, gunzipping it first when it is gzipped. @throws Error naming what is wrong with the archive. */
export async function* readTar(archive: Buffer, limits = defaultLimits): AsyncGenerator<TarEntry> {
  const stream = extract();
  stream.end(await unzipped(archive, limits.bytes));
  let count = 0;
  for await (const entry of stream) {
    count += 1;
    if (count > limits.entries) throw new Error(`the archive holds more than ${limits.entries} entries`);
    const { name, mode } = entry.header;
    // The declared type hides that a type flag tar-stream does not know gives null.
    const type = entry.header.type as Header['type'] | null;
    const content: Buffer[] = [];
    for await (const chunk of entry) content.push(chunk as Buffer);
    yield {
      path: checkedPath(name),
      type: type ?? 'unknown',
      isExecutable: (mode & 0o100) !== 0,
      content: Buffer.concat(content),
    };
  }
}

async function unzipped(archive: Buffer, maxBytes: number): Promise<Buffer> {
  const isGzip = archive[0] === 0x1f && archive[1] === 0x8b;
  if (!isGzip) {
    if (archive.length > maxBytes) throw new Error(`the archive is larger than ${maxBytes} bytes`);
    return archive;
  }
  try {
    return await promisify(gunzip)(archive, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new Error(
      isTooLarge
        ? `the archive unpacks to more than ${maxBytes} bytes`
        : `the archive is damaged: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function checkedPath(name: string): string {
  const parts = name.split('/').filter((part, index) => part !== '.' && (part !== '' || index === 0));
  const isUnsafe = parts[0] === '' || parts.includes('..') || /[\\\0]/.test(name) || /^[a-z]:/i.test(name);
  if (isUnsafe) throw new Error(`the archive holds "${name}", a path that could leave its directory`);
  return parts.join('/');
}
