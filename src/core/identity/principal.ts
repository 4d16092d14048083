/** Who is asking: the team that pays and reads, and what it may see of others. */
export interface Principal {
  readonly team: string;
  /** `operator` sees figures of all teams, never their content. */
  readonly role: 'team' | 'operator';
  readonly authenticatedBy: 'key' | 'entra' | 'platform';
}
