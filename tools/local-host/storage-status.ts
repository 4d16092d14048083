/** True when a storage call failed with this HTTP status. */
export function isStorageStatus(error: unknown, statusCode: number): boolean {
  return typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === statusCode;
}

/** True when the message is no longer ours: deleted, or received again by somebody else. */
export function isMessageGone(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return isStorageStatus(error, 404) || code === 'PopReceiptMismatch';
}
