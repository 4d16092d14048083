import { type ImageSize, readImageSize } from './image-size.ts';

/** How a model counts images: in tiles of 512² or in patches of 32². */
type ImageRule =
  | { readonly kind: 'tiles'; readonly base: number; readonly perTile: number }
  | { readonly kind: 'patches'; readonly factor: number };

const patchLimit = 1536;

/** What fits into 2048 × 768 after scaling: no image costs more tiles. */
const mostTiles = 8;

/**
 * Tokens of one image (reference/azure-openai.md §6.4): by its size where the data URL's header tells it, the worst case
 * for other URLs. The data itself is never counted as text.
 */
export function estimateImage(model: string, url: string, detail: unknown): number {
  const rule = ruleOf(model);
  const size = url.startsWith('data:') ? readImageSize(url) : null;
  if (rule.kind === 'patches') return Math.ceil(countPatches(size) * rule.factor);
  if (detail === 'low') return rule.base;
  return rule.base + rule.perTile * countTiles(size);
}

function ruleOf(model: string): ImageRule {
  if (model.startsWith('gpt-4o-mini')) return { kind: 'tiles', base: 2833, perTile: 5667 };
  if (model.includes('nano')) return { kind: 'patches', factor: 2.46 };
  if (model.startsWith('o4-mini')) return { kind: 'patches', factor: 1.72 };
  if (model.includes('mini')) return { kind: 'patches', factor: 1.62 };
  return { kind: 'tiles', base: 85, perTile: 170 };
}

function countPatches(size: ImageSize | null): number {
  if (size === null) return patchLimit;
  return Math.min(patchLimit, Math.ceil(size.width / 32) * Math.ceil(size.height / 32));
}

function countTiles(size: ImageSize | null): number {
  if (size === null) return mostTiles;
  const toSquare = Math.min(1, 2048 / Math.max(size.width, size.height));
  const shortSide = Math.min(size.width, size.height) * toSquare;
  const scale = toSquare * Math.min(1, 768 / shortSide);
  // Scaling leaves 768.0000001: a pixel is whole.
  const tiles = (side: number) => Math.ceil(Math.round(side * scale) / 512);
  return Math.max(1, tiles(size.width)) * Math.max(1, tiles(size.height));
}
