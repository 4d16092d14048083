import { isJsonObject } from '../http/parse-json.ts';
import { estimateImage } from './estimate-image.ts';
import type { CountTokens } from './token-counter.ts';

/** Size of a prompt or of a piece of one. */
export interface PromptSize {
  readonly tokens: number;
  readonly characters: number;
}

/** How a piece is measured: the model's own tokenizer and image rule. */
export interface Measure {
  readonly model: string;
  readonly countTokens: CountTokens;
}

const nothing: PromptSize = { tokens: 0, characters: 0 };

/** JSON (tools, schemas, calls) becomes an undocumented text of the service's own; its length by this is close. */
const charactersPerJsonToken = 3.5;

/** Base64 of recorded speech is 1,000 characters and more a token; half of that is safe. */
const charactersPerAudioToken = 500;

/** A file's text is unknown; scanned pages and dense text stay under one token for this much base64. */
const charactersPerFileToken = 4;

/** Adds sizes up. */
export function addSizes(sizes: readonly PromptSize[]): PromptSize {
  return sizes.reduce(
    (sum, size) => ({ tokens: sum.tokens + size.tokens, characters: sum.characters + size.characters }),
    nothing,
  );
}

/** Measures a text. */
export function measureText(text: string, { countTokens }: Measure): PromptSize {
  return { tokens: countTokens(text), characters: text.length };
}

/** Measures a JSON value that the service turns into text of its own; nothing when absent. */
export function measureJson(value: unknown): PromptSize {
  if (value === undefined || value === null) return nothing;
  const characters = JSON.stringify(value).length;
  return { tokens: Math.ceil(characters / charactersPerJsonToken), characters };
}

/** Measures a message's content: text, or parts of text, image, audio and file, in the shapes of chat and responses. */
export function measureContent(content: unknown, measure: Measure): PromptSize {
  if (typeof content === 'string') return measureText(content, measure);
  if (!Array.isArray(content)) return measurePart(content, measure);
  return addSizes(content.map((part) => measurePart(part, measure)));
}

function measurePart(part: unknown, measure: Measure): PromptSize {
  if (typeof part === 'string') return measureText(part, measure);
  if (!isJsonObject(part)) return measureJson(part);
  switch (part['type']) {
    case 'image_url':
    case 'input_image':
    case 'computer_screenshot':
      return measureImage(part, measure);
    case 'input_audio':
      return measureData(part, charactersPerAudioToken);
    case 'file':
    case 'input_file':
      return measureData(part, charactersPerFileToken);
    default: {
      const text = part['text'] ?? part['refusal'];
      return typeof text === 'string' ? measureText(text, measure) : measureJson(part);
    }
  }
}

function measureImage(part: Readonly<Record<string, unknown>>, { model }: Measure): PromptSize {
  const image = part['image_url'];
  const url = isJsonObject(image) ? image['url'] : image;
  const detail = isJsonObject(image) ? image['detail'] : part['detail'];
  return sizeOfTokens(estimateImage(model, typeof url === 'string' ? url : '', detail));
}

/** Binary data is judged by its length: counting base64 as text would be slow and wrong. */
function measureData(part: unknown, charactersPerToken: number): PromptSize {
  return sizeOfTokens(Math.ceil(JSON.stringify(part).length / charactersPerToken));
}

/** What is no text is charged by its tokens at admission; the limiter takes four characters for one. */
export function sizeOfTokens(tokens: number): PromptSize {
  return { tokens, characters: 4 * tokens };
}
