import { z } from 'zod';

/** A count of something, from 0. */
export const count = z.int().min(0);

/** A moment in whole Unix seconds. */
export const wholeSeconds = z.int().min(0).describe('Unix seconds.');

/** A moment in Unix seconds with a fraction. */
export const atSeconds = z.number().min(0).describe('Unix seconds with a fraction.');

/** Money: US dollars as a decimal string of six places. */
export const usdText = z
  .string()
  .regex(/^-?\d+\.\d{6}$/)
  .describe('US dollars, six decimals.');

/** OpenAI's shape of a list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    object: z.literal('list'),
    data: z.array(item),
    has_more: z.boolean(),
    last_id: z
      .string()
      .nullable()
      .describe('What the next call passes as `after`; null when there is nothing to pass.'),
  });
}
