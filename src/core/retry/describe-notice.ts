import type { ClassificationNotice } from './classification.ts';

/** What an operator is to look at: the job's own error speaks to whoever sent it. */
const advice: Readonly<Record<ClassificationNotice['name'], string>> = {
  credential_rejected: 'refuses the credential: check its key, or the role of the app’s identity on its account',
  credential_unavailable:
    'cannot be called by this process for want of a key or token: check the setting that apiKeySetting names, or the app’s identity',
  deployment_misconfigured:
    'says that it, or the operation that was asked for, does not exist, or sends calls elsewhere: check its endpoint and its name there',
  certificate_invalid:
    'shows a certificate that is not valid for its endpoint: check the endpoint, a proxy in between and the clock',
};

/** One sentence for operators about a deployment that people have to mend. */
export function describeNotice(name: ClassificationNotice['name'], deployment: string): string {
  return `Deployment ${deployment} ${advice[name]}.`;
}
