import { describe, expect, it } from 'vitest';
import { HELP, parseCommandLine } from '../../../../tools/simulator/simulator-options.ts';

describe('the command line', () => {
  it('starts with the documented defaults', () => {
    expect(parseCommandLine([])).toMatchObject({
      outcome: 'start',
      configFile: null,
      options: {
        port: 7072,
        seed: 1,
        timeScale: 1,
        window: 'sliding',
        hints: 'good',
        latency: { firstTokenMs: 500, tokenMs: 20 },
        outputTokensWhenUnset: 640,
      },
    });
  });

  it('has no latency with --fast', () => {
    expect(parseCommandLine(['--fast'])).toMatchObject({
      options: { latency: { firstTokenMs: 0, tokenMs: 0, jitter: 0 } },
    });
  });

  it.each([
    [['--port', '70000'], '--port'],
    [['--port', 'x'], '--port'],
    [['--port', '1.5'], '--port'],
    [['--seed', ''], '--seed'],
    [['--time-scale', '0'], '--time-scale'],
    [['--window', 'round'], 'sliding, fixed'],
    [['--hints', 'bad'], 'good, missing, 86400, minus1'],
    [['--jitter', '2'], '--jitter'],
    [['--nonsense'], '--nonsense'],
    [['stray'], 'stray'],
  ])('refuses %j and names it', (args, named) => {
    const command = parseCommandLine(args);
    expect(command.outcome).toBe('refused');
    if (command.outcome === 'refused') expect(command.message).toContain(named);
  });

  it('describes every option in its help', () => {
    const options =
      'port config region-ports seed time-scale window hints fast first-token-ms token-ms embedding-ms jitter';
    for (const name of `${options} answer-tokens unset-tokens key help`.split(' ')) expect(HELP).toContain(`--${name}`);
    expect(parseCommandLine(['--help'])).toEqual({ outcome: 'help' });
  });
});
