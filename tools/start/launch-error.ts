/** The launcher cannot go on, for a reason that its message explains without a stack. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}
