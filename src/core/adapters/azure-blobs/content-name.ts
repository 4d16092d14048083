/** Prefix of all content of one job; ends with a slash, so that no other job's name can begin with it. */
export function nameContentPrefix(team: string, jobId: string): string {
  return `${checkSegment(team)}/${checkSegment(jobId)}/`;
}

/** Name of one part of a job's content. */
export function nameContent(team: string, jobId: string, part: string): string {
  return `${nameContentPrefix(team, jobId)}${checkSegment(part)}`;
}

/** Prefix of the content of all jobs of a team whose ids begin so. */
export function nameContentOfJobs(team: string, beginning: string): string {
  return `${checkSegment(team)}/${checkSegment(beginning)}`;
}

// A slash or a dot segment would lead into another team's folder; `~probe` is the account of probes.
function checkSegment(segment: string): string {
  if (!/^[A-Za-z0-9._~-]{1,200}$/.test(segment) || /^\.+$/.test(segment)) {
    throw new RangeError(`Not a part of a content name: ${JSON.stringify(segment)}.`);
  }
  return segment;
}
