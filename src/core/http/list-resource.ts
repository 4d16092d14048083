/** OpenAI's shape of a list. */
export interface ListResource {
  readonly object: 'list';
  readonly data: readonly unknown[];
  readonly has_more: boolean;
  readonly last_id: string | null;
}

/** Wraps a page; `lastId` is what the next call passes as `after`, null when the page is empty. */
export function toListResource(data: readonly unknown[], hasMore: boolean, lastId: string | null): ListResource {
  return { object: 'list', data, has_more: hasMore, last_id: lastId };
}
