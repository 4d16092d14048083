import type { AnswerFacts } from './chat-wire.ts';
import type { Delivery } from './delivery.ts';
import { deliverJson } from './delivery.ts';
import { embedText } from './embedding.ts';
import type { EmbeddingsRequest } from './read-embeddings-request.ts';

/** The delivery of an embeddings answer, as numbers or as base64 of little-endian 32-bit floats (what the SDKs ask for). */
export function deliverEmbeddings(request: EmbeddingsRequest, facts: AnswerFacts): Delivery {
  const data = request.inputs.map((input, index) => {
    const vector = embedText(typeof input === 'string' ? input : `tokens ${input.join(' ')}`, request.dimensions);
    const embedding = request.encoding === 'base64' ? encodeBase64(vector) : Array.from(vector);
    return { object: 'embedding', index, embedding };
  });
  const usage = { prompt_tokens: facts.usage.promptTokens, total_tokens: facts.usage.promptTokens };
  const body = { object: 'list', data, model: facts.model, usage };
  return deliverJson(200, facts.headers, body, facts.latency.embeddingMs);
}

function encodeBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}
