/** A piece of a body and when it is due, in simulated milliseconds after the request was admitted. */
export type Frame = { dueMs: number; data: string | Buffer };

/** How a body ends: properly, by a clean close short of its end, by a connection reset, or never. */
export type DeliveryEnd = 'complete' | 'close' | 'reset' | 'hang';

/** An answer on its way: what is sent when, and how it ends. Faults change it before it is played. */
export type Delivery = {
  status: number;
  headers: { [name: string]: string };
  frames: Frame[];
  end: DeliveryEnd;
  /** False when not even the status line is sent. */
  sendsHead: boolean;
  isStream: boolean;
};

/** A JSON answer that is due in one piece. */
export function deliverJson(status: number, headers: { [name: string]: string }, body: unknown, dueMs = 0): Delivery {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    frames: [{ dueMs, data: JSON.stringify(body) }],
    end: 'complete',
    sendsHead: true,
    isStream: false,
  };
}

/** A stream of server-sent events. */
export function deliverEvents(headers: { [name: string]: string }, frames: Frame[]): Delivery {
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...headers },
    frames,
    end: 'complete',
    sendsHead: true,
    isStream: true,
  };
}
