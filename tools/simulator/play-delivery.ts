import type { ServerResponse } from 'node:http';
import type { Delivery } from './delivery.ts';

/** How a delivery went: the whole of it, cut by its own fault, or left by the caller; and which share of it was sent. */
export type PlayedDelivery = { outcome: 'complete' | 'broken' | 'left'; share: number };

// Frames closer together than a timer can tell go out together.
const TIMER_MS = 1;

/** Sends a delivery at its pace; `toRealMs` turns simulated into real milliseconds. Ends when the caller leaves. */
export async function playDelivery(
  response: ServerResponse,
  delivery: Delivery,
  toRealMs: (ms: number) => number,
): Promise<PlayedDelivery> {
  const startMs = performance.now();
  const left = new AbortController();
  response.once('close', () => left.abort());
  const isSingle = delivery.frames.length <= 1 && delivery.end === 'complete';
  let sent = 0;
  const sendHead = () => {
    if (response.headersSent || !delivery.sendsHead) return;
    const length = isSingle ? { 'content-length': Buffer.byteLength(delivery.frames[0]?.data ?? '') } : {};
    response.writeHead(delivery.status, { ...delivery.headers, ...length });
  };
  for (const frame of delivery.frames) {
    const waitMs = toRealMs(frame.dueMs) - (performance.now() - startMs);
    if (waitMs > TIMER_MS) await wait(waitMs, left.signal);
    if (left.signal.aborted || response.destroyed) return { outcome: 'left', share: sent / delivery.frames.length };
    sendHead();
    sent += 1;
    if (isSingle) response.end(frame.data);
    else if (!response.write(frame.data)) await drained(response, left.signal);
  }
  sendHead();
  return finish(response, delivery, left.signal);
}

async function finish(response: ServerResponse, delivery: Delivery, left: AbortSignal): Promise<PlayedDelivery> {
  switch (delivery.end) {
    case 'complete':
      if (!response.writableEnded) response.end();
      if (!response.writableFinished && !left.aborted) await finished(response, left);
      return response.writableFinished ? { outcome: 'complete', share: 1 } : { outcome: 'left', share: 1 };
    case 'close':
      // What was written must be on its way before the connection goes.
      await flushed(response);
      response.socket?.end();
      response.socket?.destroySoon();
      return { outcome: 'broken', share: 1 };
    case 'reset':
      await flushed(response);
      response.socket?.resetAndDestroy();
      return { outcome: 'broken', share: 1 };
    case 'hang':
      if (delivery.sendsHead) response.flushHeaders();
      await wait(Number.POSITIVE_INFINITY, left);
      return { outcome: 'left', share: 1 };
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = Number.isFinite(ms) ? setTimeout(done, ms) : undefined;
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return untilEvent(response, 'drain', signal);
}

function finished(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return untilEvent(response, 'finish', signal);
}

function untilEvent(response: ServerResponse, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off(event, done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.once(event, done);
    signal.addEventListener('abort', done);
  });
}

function flushed(response: ServerResponse): Promise<void> {
  if (!response.headersSent) return Promise.resolve();
  return new Promise((resolve) => {
    response.write('', () => resolve());
    if (response.destroyed) resolve();
  });
}
