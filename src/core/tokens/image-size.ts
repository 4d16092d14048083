/** Pixels of an image. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Characters of base64 that are looked at: a JPEG may carry this much metadata before its size. */
const headerCharacters = 262_144;

/** Reads an image's size from the header of a base64 data URL (PNG, JPEG, GIF, WebP) without decoding the rest; null otherwise. */
export function readImageSize(dataUrl: string): ImageSize | null {
  const start = dataUrl.indexOf(',') + 1;
  if (start === 0 || !/;base64$/i.test(dataUrl.slice(0, start - 1))) return null;
  const bytes = decodeBase64(dataUrl.slice(start, start + headerCharacters));
  if (bytes === null) return null;
  const size = readPng(bytes) ?? readGif(bytes) ?? readWebp(bytes) ?? readJpeg(bytes);
  return size !== null && size.width > 0 && size.height > 0 ? size : null;
}

function decodeBase64(text: string): DataView | null {
  try {
    const decoded = atob(text.slice(0, text.length - (text.length % 4)));
    return new DataView(Uint8Array.from(decoded, (character) => character.charCodeAt(0)).buffer);
  } catch {
    return null;
  }
}

function startsWith(bytes: DataView, offset: number, ascii: string): boolean {
  if (bytes.byteLength < offset + ascii.length) return false;
  return [...ascii].every((character, index) => bytes.getUint8(offset + index) === character.charCodeAt(0));
}

function readPng(bytes: DataView): ImageSize | null {
  if (!startsWith(bytes, 1, 'PNG') || bytes.byteLength < 24) return null;
  return { width: bytes.getUint32(16), height: bytes.getUint32(20) };
}

function readGif(bytes: DataView): ImageSize | null {
  if (!startsWith(bytes, 0, 'GIF8') || bytes.byteLength < 10) return null;
  return { width: bytes.getUint16(6, true), height: bytes.getUint16(8, true) };
}

function readWebp(bytes: DataView): ImageSize | null {
  if (!startsWith(bytes, 0, 'RIFF') || !startsWith(bytes, 8, 'WEBP') || bytes.byteLength < 30) return null;
  if (startsWith(bytes, 12, 'VP8 ')) {
    return { width: bytes.getUint16(26, true) & 0x3fff, height: bytes.getUint16(28, true) & 0x3fff };
  }
  if (startsWith(bytes, 12, 'VP8L')) {
    const bits = bytes.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (!startsWith(bytes, 12, 'VP8X')) return null;
  const read24 = (offset: number) => bytes.getUint16(offset, true) + bytes.getUint8(offset + 2) * 65_536;
  return { width: read24(24) + 1, height: read24(27) + 1 };
}

function readJpeg(bytes: DataView): ImageSize | null {
  if (bytes.byteLength < 4 || bytes.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 9 <= bytes.byteLength && bytes.getUint8(at) === 0xff) {
    const marker = bytes.getUint8(at + 1);
    // Start of frame, all variants; C4, C8 and CC are tables and extensions in the same range.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { width: bytes.getUint16(at + 7), height: bytes.getUint16(at + 5) };
    }
    at += 2 + bytes.getUint16(at + 2);
  }
  return null;
}
