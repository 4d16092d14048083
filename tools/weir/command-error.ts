/** A command that cannot do what was asked; the message says what to do and is all that is shown. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
