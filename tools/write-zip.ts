import { constants, crc32, deflateRawSync } from 'node:zlib';

/** One file of an archive; `path` is relative, with forward slashes. */
export interface ZipEntry {
  readonly path: string;
  readonly contents: Uint8Array;
}

const localHeader = 0x04034b50;
const centralHeader = 0x02014b50;
const endOfDirectory = 0x06054b50;
const deflated = 8;
const utf8Names = 0x0800;
// The earliest time that the format can hold: when a file was written must not change the archive.
const dosDate = (1 << 5) | 1;
const madeByUnix = (3 << 8) | 20;
const plainFile = 0o100644;
const mostEntries = 0xffff;
const mostBytes = 0xffffffff;

/**
 * Makes a zip archive whose bytes depend on paths and contents alone: entries sorted, no times, plain file modes. Throws
 * for a path that leads out of the archive, one that comes twice, and for what needs the format's 64-bit extension.
 */
export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const sorted = [...entries].sort((left, right) => (left.path < right.path ? -1 : 1));
  if (sorted.length > mostEntries) throw new Error(`${sorted.length} files are too many for a zip archive.`);
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [index, entry] of sorted.entries()) {
    checkPath(entry.path, sorted[index - 1]?.path);
    const name = Buffer.from(entry.path, 'utf8');
    const packed = deflateRawSync(entry.contents, { level: constants.Z_BEST_COMPRESSION });
    const description = describeFile(name, entry.contents, packed);
    const header = Buffer.concat([integer(localHeader, 4), integer(20, 2), description, name]);
    directory.push(describeInDirectory(description, name, offset));
    parts.push(header, packed);
    offset += header.length + packed.length;
  }
  const listing = Buffer.concat(directory);
  if (offset + listing.length > mostBytes) throw new Error('The files are too large for a zip archive.');
  return Buffer.concat([...parts, listing, endRecord(sorted.length, listing.length, offset)]);
}

function checkPath(path: string, previous: string | undefined): void {
  const isInside = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isInside || path.includes('\\')) throw new Error(`"${path}" is no relative path with forward slashes.`);
  if (path === previous) throw new Error(`"${path}" comes twice.`);
}

/** The part that both headers of a file share, from its flags to the length of its extra field (none). */
function describeFile(name: Buffer, contents: Uint8Array, packed: Buffer): Buffer {
  return Buffer.concat([
    ...[utf8Names, deflated, 0, dosDate].map((value) => integer(value, 2)),
    ...[crc32(contents), packed.length, contents.byteLength].map((value) => integer(value, 4)),
    ...[name.length, 0].map((value) => integer(value, 2)),
  ]);
}

function describeInDirectory(description: Buffer, name: Buffer, offset: number): Buffer {
  const comment = 0;
  const disk = 0;
  const internalAttributes = 0;
  return Buffer.concat([
    integer(centralHeader, 4),
    ...[madeByUnix, 20].map((value) => integer(value, 2)),
    description,
    ...[comment, disk, internalAttributes].map((value) => integer(value, 2)),
    ...[plainFile * 0x10000, offset].map((value) => integer(value, 4)),
    name,
  ]);
}

function endRecord(entries: number, directoryBytes: number, directoryOffset: number): Buffer {
  return Buffer.concat([
    integer(endOfDirectory, 4),
    ...[0, 0, entries, entries].map((value) => integer(value, 2)),
    ...[directoryBytes, directoryOffset].map((value) => integer(value, 4)),
    integer(0, 2),
  ]);
}

function integer(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}
