import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32, inflateRawSync } from 'node:zlib';

/** One file as the archive's directory lists it; `modified` is the format's date and time as one number. */
export interface ReadEntry {
  readonly path: string;
  readonly contents: Buffer;
  readonly modified: number;
}

/** Reads a zip archive by its directory, as unpackers do, and checks each file against its checksum and local header. */
export function readZip(zip: Buffer): readonly ReadEntry[] {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) throw new Error('This is no zip archive.');
  const entries: ReadEntry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count -= 1) {
    if (zip.readUInt32LE(at) !== 0x02014b50) throw new Error('The directory is damaged.');
    const nameLength = zip.readUInt16LE(at + 28);
    const path = zip.subarray(at + 46, at + 46 + nameLength).toString('utf8');
    entries.push({ path, contents: readContents(zip, at, path), modified: zip.readUInt32LE(at + 12) });
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

/** Unpacks an archive into a folder. */
export function unpackZip(zip: Buffer, folder: string): void {
  for (const { path, contents } of readZip(zip)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
  }
}

function readContents(zip: Buffer, at: number, path: string): Buffer {
  const local = zip.readUInt32LE(at + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const contents = inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(at + 20)));
  const isSame = zip.subarray(local + 14, local + 26).equals(zip.subarray(at + 16, at + 28));
  if (!isSame || zip.readUInt32LE(local) !== 0x04034b50) throw new Error(`${path}: its two headers disagree.`);
  if (contents.length !== zip.readUInt32LE(at + 24) || crc32(contents) !== zip.readUInt32LE(at + 16)) {
    throw new Error(`${path}: its content is damaged.`);
  }
  return contents;
}
