/** The host cannot start or go on, for a reason that its message explains to the developer without a stack. */
export class HostError extends Error {
  override readonly name = 'HostError';
}
