import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareFakeCommand } from '../../support/fake-command.ts';

const directory = join(import.meta.dirname, '../../../.github/workflows');
const workflows = (await readdir(directory)).filter((file) => file.endsWith('.yml')).sort();
const texts = new Map(
  await Promise.all(workflows.map(async (file) => [file, await readFile(join(directory, file), 'utf8')] as const)),
);

function textOf(file: string): string {
  const text = texts.get(file);
  if (text === undefined) throw new Error(`There is no workflow ${file}.`);
  return text;
}

describe('workflows', () => {
  it('are the check, the deployment with its environments, and the way back', () => {
    expect(workflows).toEqual(['check.yml', 'deploy-environment.yml', 'deploy.yml', 'roll-back.yml']);
  });

  it.each(workflows)('%s pins every action by a whole commit, with its version beside it', (file) => {
    const uses = [...textOf(file).matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map((match) => match[1] ?? '');
    expect(uses.length).toBeGreaterThan(0);
    for (const use of uses)
      expect(use).toMatch(/^(\.\/\.github\/workflows\/\S+|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/);
  });

  it('pins an action to one commit everywhere', () => {
    const commits = new Map<string, Set<string>>();
    for (const text of texts.values()) {
      for (const [, action = '', commit = ''] of text.matchAll(/uses: ([\w-]+\/[\w-]+)@(.+)$/gm)) {
        commits.set(action, (commits.get(action) ?? new Set()).add(commit));
      }
    }
    expect(commits.size).toBeGreaterThan(3);
    for (const [action, found] of commits) expect([action, [...found]]).toEqual([action, [expect.any(String)]]);
  });

  it.each(workflows)('%s starts with the right to read the code and nothing else', (file) => {
    expect(textOf(file)).toMatch(/^permissions:\n {2}contents: read\n\n/m);
    expect(textOf(file)).not.toMatch(/write-all|pull_request_target|secrets\./);
  });

  it('never puts an expression into a shell command', () => {
    for (const [file, text] of texts) {
      const commands = [...text.matchAll(/^( *)(?:- )?run: (?:\|\n((?:\1 {2,}.*\n|\n)+)|(.+))/gm)];
      for (const command of commands) expect(command[0], file).not.toContain('${{');
    }
  });

  it('gives an identity token only to the jobs that sign in to Azure', () => {
    expect(textOf('check.yml')).not.toContain('id-token');
    const jobs = textOf('deploy-environment.yml')
      .split(/^ {2}(?=\w+:$)/m)
      .slice(1);
    const signedIn = jobs.filter((job) => job.includes('Azure/login@'));
    expect(signedIn).toHaveLength(2);
    for (const job of signedIn) {
      expect(job).toMatch(/environment: \$\{\{ inputs\.environment \}\}/);
      expect(job).toContain('id-token: write');
    }
  });

  it('signs which commit and workflow made the package, and deploys none that is not signed so', () => {
    const packing =
      textOf('deploy.yml')
        .split(/^ {2}(?=\w+:$)/m)
        .find((part) => part.startsWith('package:\n')) ?? '';
    expect(packing).toMatch(/id-token: write\n {6}attestations: write\n/);
    expect(packing).not.toContain('Azure/login@');
    expect(packing).toMatch(/attest-build-provenance@\w+ # v\d.*\n {8}with:\n {10}subject-path: weir\.zip\n/);
    const text = textOf('deploy-environment.yml');
    const verified = text.indexOf('gh attestation verify package/weir.zip --repo "$GITHUB_REPOSITORY"');
    expect(text.slice(verified)).toMatch(
      /^.*\n +--signer-workflow "\$GITHUB_REPOSITORY\/\.github\/workflows\/deploy\.yml" --source-ref refs\/heads\/main\n/,
    );
    expect(verified).toBeGreaterThan(text.indexOf('actions/download-artifact@'));
    expect(verified).toBeLessThan(text.indexOf('config-zip'));
    for (const file of ['deploy.yml', 'roll-back.yml']) {
      const calls = textOf(file).split('uses: ./.github/workflows/deploy-environment.yml').slice(0, -1);
      for (const call of calls) expect(call.slice(call.lastIndexOf('permissions:'))).toContain('attestations: read');
    }
  });

  it('lets one run at a time into an environment, and no run waits for the approval of another environment', () => {
    const text = textOf('deploy.yml');
    expect(text).not.toMatch(/^concurrency:/m);
    expect(textOf('deploy-environment.yml')).not.toContain('concurrency:');
    for (const environment of ['dev', 'test', 'prod']) {
      const job = text.split(/^ {2}(?=\w+:$)/m).find((part) => part.startsWith(`${environment}:\n`));
      expect(job).toContain(`    concurrency:\n      group: deploy-${environment}\n      cancel-in-progress: false\n`);
    }
  });

  it('deploys one package to dev, then test, then prod', () => {
    const text = textOf('deploy.yml');
    expect(text.match(/npm run package/g)).toHaveLength(1);
    expect(text.match(/package_run: \$\{\{ github\.run_id \}\}/g)).toHaveLength(3);
    expect(text).toMatch(
      / {2}dev:\n {4}needs: package[\s\S]* {2}test:\n {4}needs: dev[\s\S]* {2}prod:\n {4}needs: test/,
    );
    expect(text).toContain('npm sbom');
    expect(textOf('check.yml')).toContain('npm audit --omit=dev');
  });

  it('deploys the package before its configuration, and goes back with the configuration before the package', () => {
    const steps = textOf('deploy-environment.yml')
      .split(/^ {6}- /m)
      .map((text) => ({ text, name: /^name: (.+)$/m.exec(text)?.[1] ?? '' }));
    const forward = steps.filter(({ text }) => !text.includes('!inputs.infrastructure')).map(({ name }) => name);
    const back = steps
      .filter(({ text }) => !/if: \$\{\{ inputs\.infrastructure \}\}/.test(text))
      .map(({ name }) => name);
    const order = (names: string[], wanted: string[]) => wanted.map((name) => names.indexOf(name));
    const onTheWay = order(forward, [
      'Infrastructure',
      'Make the configuration',
      'Keep it for a way back',
      'The very first configuration',
      'The configuration in force',
      'Package',
      'Configuration, on the way forward',
      'It answers',
    ]);
    expect(onTheWay).toEqual(onTheWay.toSorted((left, right) => left - right));
    const onTheWayBack = order(back, [
      'The package is the one that was made',
      'It was made by deploy.yml from main',
      'The configuration in force',
      'The configuration that was published with that package',
      'Configuration, on the way back',
      'Package',
      'It answers',
    ]);
    expect(onTheWayBack).toEqual(onTheWayBack.toSorted((left, right) => left - right));
    expect([...onTheWay, ...onTheWayBack]).not.toContain(-1);
    // Neither way overwrites what the other has published in the meantime.
    for (const name of ['Configuration, on the way forward', 'Configuration, on the way back']) {
      expect(steps.find((step) => step.name === name)?.text).toContain('--if-match "$CONFIGURATION_ETAG"');
    }
    const publishing = steps.filter(({ text }) => text.includes('--publish'));
    expect(publishing.map(({ text }) => text.includes('--if-none'))).toEqual([true, false]);
    expect(textOf('deploy-environment.yml').match(/name: weir-config-\$\{\{ inputs\.environment \}\}/g)).toHaveLength(
      2,
    );
  });

  const ours = 'push of .github/workflows/deploy.yml on main of acme/weir';
  it.each([
    { what: 'a deployment of main', run: '17', made: ours, says: '' },
    { what: 'a check of a branch', run: '17', made: ours.replace('deploy.yml', 'check.yml'), says: 'check.yml' },
    { what: 'a deployment of another branch', run: '17', made: ours.replace('main', 'topic'), says: 'on topic' },
    { what: 'a pull request', run: '17', made: ours.replace('push', 'pull_request'), says: 'pull_request' },
    { what: 'a fork', run: '17', made: ours.replace('acme', 'mallory'), says: 'mallory/weir' },
    { what: 'no number', run: '17/jobs', made: ours, says: "package_run is '17/jobs'" },
  ])('takes the package of a run that is: $what', async ({ run, made, says }) => {
    const step = prepareRunCheck();
    const { status, stdout } = await step({ made, PACKAGE_RUN: run, GITHUB_REPOSITORY: 'acme/weir' });
    expect(stdout).toContain(says);
    expect(status).toBe(says === '' ? 0 : 1);
  });

  it.each([
    { what: 'everything', change: {}, says: '' },
    { what: 'no addresses', change: { WEIR_ALERT_EMAILS: '' }, says: '::warning::WEIR_ALERT_EMAILS' },
    {
      what: 'no month and no region',
      change: { WEIR_BUDGET_START: '', LOCATION: '' },
      says: 'repository: WEIR_BUDGET_START WEIR_LOCATION (',
    },
    {
      what: 'a day in a month',
      change: { WEIR_BUDGET_START: '2026-11-28' },
      says: "WEIR_BUDGET_START is '2026-11-28'",
    },
  ])('names variables that are missing or wrong before anything else: $what', ({ change, says }) => {
    const steps = textOf('deploy-environment.yml')
      .split(/^ {4}steps:$/m)
      .slice(1);
    const first = steps.map((text) => scriptOf(text.split(/^ {6}- /m)[1] ?? ''));
    expect(first).toEqual([first[0], first[0]]);
    const { stdout, status } = spawnSync('bash', ['-e', '-c', first[0] ?? 'exit 2'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', ...everyVariable, ...change },
    });
    if (says === '') expect(stdout).toBe('');
    else expect(stdout).toContain(says);
    expect(status).toBe(stdout.includes('::error::') ? 1 : 0);
  });

  it('asks where a package comes from before it is downloaded', () => {
    const text = textOf('deploy-environment.yml');
    const asked = text.indexOf('name: The run that made the package');
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(text.indexOf('actions/download-artifact@'));
  });
});

/** The step as the runner would run it, with a `gh` that says what the run was. */
function prepareRunCheck() {
  const parts = textOf('deploy-environment.yml').split(/^ {6}- /m);
  const step = parts.find((part) => part.startsWith('name: The run that made the package')) ?? '';
  const script = scriptOf(step);
  return async ({ made, ...environment }: { made: string } & Record<string, string>) => {
    const path = await prepareFakeCommand('gh', [{ asked: 'actions/runs/17', says: made }]);
    return spawnSync('bash', ['-e', '-c', script], { encoding: 'utf8', env: { PATH: path, ...environment } });
  };
}

const everyVariable = {
  AZURE_CLIENT_ID: 'client',
  AZURE_TENANT_ID: 'tenant',
  AZURE_SUBSCRIPTION_ID: 'subscription',
  LOCATION: 'swedencentral',
  WEIR_ALERT_EMAILS: 'a@example.com',
  WEIR_BUDGET_START: '2026-11-01',
  WEIR_DEPLOYER_ID: 'deployer',
};

/** What a step runs. */
function scriptOf(step: string): string {
  return step.slice(step.indexOf('run: |\n') + 'run: |\n'.length);
}
