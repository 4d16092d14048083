import { describe, expect, it } from 'vitest';
import { estimateImage } from '../../../../src/core/tokens/estimate-image.ts';
import { readImageSize } from '../../../../src/core/tokens/image-size.ts';

const dataUrl = (bytes: readonly number[]) => `data:image/x;base64,${Buffer.from(bytes).toString('base64')}`;
const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0));
const big = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, index) => (value >>> (8 * (bytes - 1 - index))) & 255);
const little = (value: number, bytes: number) => big(value, bytes).reverse();
const zeros = (length: number) => Array<number>(length).fill(0);

const png = (width: number, height: number) =>
  dataUrl([
    0x89,
    ...ascii('PNG\r\n'),
    0x1a,
    0x0a,
    ...big(13, 4),
    ...ascii('IHDR'),
    ...big(width, 4),
    ...big(height, 4),
  ]);
const gif = (width: number, height: number) => dataUrl([...ascii('GIF89a'), ...little(width, 2), ...little(height, 2)]);
const jpeg = (width: number, height: number) =>
  dataUrl([
    0xff,
    0xd8,
    0xff,
    0xe1,
    ...big(1002, 2),
    ...zeros(1000),
    0xff,
    0xc4,
    ...big(4, 2),
    0,
    0,
    0xff,
    0xc2,
    ...big(17, 2),
    8,
    ...big(height, 2),
    ...big(width, 2),
    ...zeros(10),
  ]);
const webp = (kind: string, rest: readonly number[]) =>
  dataUrl([...ascii('RIFF'), ...zeros(4), ...ascii(`WEBP${kind}`), ...little(100, 4), ...rest, ...zeros(20)]);

describe('readImageSize', () => {
  it.each([
    ['PNG', png(1024, 768)],
    ['GIF', gif(1024, 768)],
    ['JPEG behind metadata and tables', jpeg(1024, 768)],
    ['lossy WebP', webp('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a, ...little(1024, 2), ...little(768, 2)])],
    ['lossless WebP', webp('VP8L', [0x2f, ...little(1023 | (767 << 14), 4)])],
    ['extended WebP', webp('VP8X', [0, 0, 0, 0, ...little(1023, 3), ...little(767, 3)])],
  ])('reads %s', (_name, url) => {
    expect(readImageSize(url)).toEqual({ width: 1024, height: 768 });
  });

  it.each([
    'data:image/png;base64,',
    'data:image/png;base64,!!!!',
    'data:image/svg+xml,<svg/>',
    'data:',
    png(0, 5),
    dataUrl([0xff, 0xd8, 0xff, 0xe0, 0, 0]),
    dataUrl(zeros(50)),
  ])('knows nothing of %.40s', (url) => {
    expect(readImageSize(url)).toBeNull();
  });
});

describe('estimateImage', () => {
  it.each([
    ['gpt-4.1', png(1024, 1024), undefined, 765],
    ['gpt-4o', png(512, 512), 'high', 255],
    ['gpt-4o', png(2048, 4096), 'high', 1105],
    ['gpt-4o', png(4096, 8192), 'low', 85],
    ['gpt-4o-mini', png(512, 512), 'high', 8500],
    ['gpt-4.1', 'https://example.com/a.png', undefined, 1445],
    ['gpt-4.1-mini', png(1024, 1024), undefined, Math.ceil(1024 * 1.62)],
    ['gpt-4.1-nano', png(320, 32), undefined, Math.ceil(10 * 2.46)],
    ['gpt-4.1-mini', 'https://example.com/a.png', 'low', Math.ceil(1536 * 1.62)],
    ['gpt-4.1-mini', png(9000, 9000), undefined, Math.ceil(1536 * 1.62)],
  ])('of %s, case %#', (model, url, detail, tokens) => {
    expect(estimateImage(model, url, detail)).toBe(tokens);
  });

  it('never exceeds the worst case, whatever the size', () => {
    for (const width of [1, 100, 767, 769, 2048, 2049, 10_000])
      for (const height of [1, 100, 767, 769, 2048, 2049, 10_000])
        expect(estimateImage('gpt-4.1', png(width, height), 'high')).toBeLessThanOrEqual(1445);
  });
});
