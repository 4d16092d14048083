import type { Delivery, Frame } from './delivery.ts';
import type { FaultScript } from './fault.ts';

const BIG_BODY_BYTES = 50 * 1024 * 1024;
const BIG_PIECE_BYTES = 64 * 1024;
const DRIP_EVERY_MS = 1000;

/** Adds waiting: every moment of the answer times `factor`, then `latencyMs` later. */
export function delayDelivery(delivery: Delivery, fault: FaultScript): Delivery {
  const { factor = 1, latencyMs = 0 } = fault;
  return {
    ...delivery,
    frames: delivery.frames.map(({ dueMs, data }) => ({ data, dueMs: dueMs * factor + latencyMs })),
  };
}

/** Spoils an answer that was admitted and composed; kinds that never get so far leave it as it is. */
export function spoilDelivery(delivery: Delivery, fault: FaultScript): Delivery {
  const headers = { ...delivery.headers, ...fault.headers };
  switch (fault.kind) {
    case 'hang':
      return {
        ...delivery,
        headers,
        ...cutAfter(delivery, fault.afterBytes ?? 0),
        sendsHead: (fault.afterBytes ?? 0) > 0,
        end: 'hang',
      };
    case 'reset':
      return {
        ...delivery,
        headers,
        ...cutAfter(delivery, fault.afterBytes ?? 0),
        sendsHead: (fault.afterBytes ?? 0) > 0,
        end: 'reset',
      };
    case 'truncate':
      return { ...delivery, headers, ...cutAfter(delivery, fault.afterBytes ?? halfOf(delivery)), end: 'close' };
    case 'cut-json':
      return { ...delivery, headers, ...cutAfter(delivery, fault.afterBytes ?? halfOf(delivery)), end: 'complete' };
    case 'stream-error':
      return failInStream({ ...delivery, headers }, fault);
    case 'drip':
      return { ...delivery, headers, frames: dripFrames(delivery, fault.bytes ?? 1, fault.latencyMs ?? DRIP_EVERY_MS) };
    case 'empty':
      return { ...delivery, headers, frames: [] };
    case 'html':
      return replaceBody(delivery, headers, 'text/html; charset=utf-8', HTML_PAGE);
    case 'no-choices':
      return editBodies({ ...delivery, headers }, (body) => emptied(body));
    case 'no-usage':
      return editBodies({ ...delivery, headers }, (body) => ({ ...body, usage: undefined }));
    case 'big-body':
      return { ...delivery, headers, frames: bigFrames(delivery, fault.bytes ?? BIG_BODY_BYTES) };
    case 'status':
    case 'content-filter':
    case 'capacity':
    case 'hint':
    case 'latency':
      return delivery;
  }
}

const HTML_PAGE =
  '<!DOCTYPE html><html><head><title>Service unavailable</title></head><body><h1>Our services are not available right now</h1></body></html>';

function lengthOf(frames: readonly Frame[]): number {
  return frames.reduce((sum, frame) => sum + Buffer.byteLength(frame.data), 0);
}

function halfOf(delivery: Delivery): number {
  return Math.floor(lengthOf(delivery.frames) / 2);
}

function cutAfter(delivery: Delivery, bytes: number): { frames: Frame[] } {
  const frames: Frame[] = [];
  let left = bytes;
  for (const frame of delivery.frames) {
    if (left <= 0) break;
    const data = Buffer.from(frame.data).subarray(0, left);
    frames.push({ dueMs: frame.dueMs, data });
    left -= data.length;
  }
  return { frames };
}

function failInStream(delivery: Delivery, fault: FaultScript): Delivery {
  const body = fault.body ?? {
    error: { message: STREAM_ERROR, type: 'server_error', param: null, code: 'server_error' },
  };
  if (!delivery.isStream) return replaceBody(delivery, delivery.headers, 'application/json', JSON.stringify(body));
  const frames = wholeFrames(delivery, fault.afterBytes ?? 0);
  const dueMs = frames.at(-1)?.dueMs ?? delivery.frames[0]?.dueMs ?? 0;
  return { ...delivery, frames: [...frames, { dueMs, data: `data: ${JSON.stringify(body)}\n\n` }] };
}

const STREAM_ERROR = 'The server had an error while processing your request. Sorry about that!';

// Only whole events: half of one would be a second fault, and hide the error behind it.
function wholeFrames(delivery: Delivery, mostBytes: number): Frame[] {
  let bytes = 0;
  return delivery.frames.filter((frame) => {
    bytes += Buffer.byteLength(frame.data);
    return bytes <= mostBytes;
  });
}

function dripFrames(delivery: Delivery, bytes: number, everyMs: number): Frame[] {
  const whole = Buffer.concat(delivery.frames.map((frame) => Buffer.from(frame.data)));
  const size = Math.max(1, bytes);
  const startMs = delivery.frames[0]?.dueMs ?? 0;
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, index) => ({
    dueMs: startMs + index * everyMs,
    data: whole.subarray(index * size, (index + 1) * size),
  }));
}

function replaceBody(delivery: Delivery, headers: { [name: string]: string }, type: string, data: string): Delivery {
  const dueMs = delivery.frames[0]?.dueMs ?? 0;
  return { ...delivery, headers: { ...headers, 'content-type': type }, frames: [{ dueMs, data }] };
}

function emptied(body: { [name: string]: unknown }): { [name: string]: unknown } {
  const emptyLists = ['choices', 'output', 'data'].filter((name) => Array.isArray(body[name]));
  return { ...body, ...Object.fromEntries(emptyLists.map((name) => [name, []])) };
}

function editBodies(delivery: Delivery, edit: (body: { [name: string]: unknown }) => unknown): Delivery {
  const frames = delivery.frames.map((frame) => {
    const text = frame.data.toString();
    const json = text.slice(text.indexOf('{'));
    if (!json.startsWith('{')) return frame;
    return {
      dueMs: frame.dueMs,
      data:
        text.slice(0, text.indexOf('{')) + JSON.stringify(edit(JSON.parse(json))) + (delivery.isStream ? '\n\n' : ''),
    };
  });
  return { ...delivery, frames };
}

// Blanks before the JSON keep it valid however long it gets; one shared piece keeps memory flat.
function bigFrames(delivery: Delivery, bytes: number): Frame[] {
  const dueMs = delivery.frames[0]?.dueMs ?? 0;
  const piece = Buffer.alloc(BIG_PIECE_BYTES, delivery.isStream ? ': filler\n' : ' ');
  const pieces = Math.max(0, Math.ceil((bytes - lengthOf(delivery.frames)) / BIG_PIECE_BYTES));
  return [...Array.from({ length: pieces }, () => ({ dueMs, data: piece })), ...delivery.frames];
}
