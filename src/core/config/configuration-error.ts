/** A setting or configuration that the app cannot start with. Its message is for people; a stack would only bury it. */
export class ConfigurationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigurationError';
    this.stack = `${this.name}: ${message}`;
  }
}
