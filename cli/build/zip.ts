import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** Without a time zone, so that every machine writes the same: the earliest that the format knows. */
const never = new Date(1980, 0, 1);

/** A zip archive of text files by path: always the same bytes for the same files, in whatever order they come. */
export async function zipOf(files: ReadonlyMap<string, string>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    zip.addBuffer(Buffer.from(content), name, { mtime: never, forceDosTimestamp: true, mode: 0o100644 });
  zip.end();
  return buffer(zip.outputStream);
}
