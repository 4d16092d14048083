import { describe, expect, it } from 'vitest';
import { parseLaunchOptions } from '../../../../tools/start/launch-options.ts';

describe('parseLaunchOptions', () => {
  it('starts everything on 7071 when nothing is asked for', () => {
    expect(parseLaunchOptions([])).toEqual({ port: 7071, configFile: undefined, simulator: true, quietHost: false });
  });

  it('reads every option', () => {
    const args = ['--port', '8080', '--config', 'mine.json', '--no-simulator', '--quiet-host'];
    expect(parseLaunchOptions(args)).toEqual({
      port: 8080,
      configFile: 'mine.json',
      simulator: false,
      quietHost: true,
    });
  });

  it('knows when help is wanted', () => {
    expect(parseLaunchOptions(['--help'])).toBe('help');
  });

  it.each([
    [['--bogus'], /^npm start --[^\n]*\n\nUnknown option '--bogus'\.$/],
    [['extra'], /extra/],
    [['--port', 'abc'], /--port is "abc"/],
    [['--port', '65536'], /0 to 65535/],
    [['--port', ''], /--port is ""/],
    [['--config', ''], /name of a file/],
  ])('refuses %j', (args, message) => {
    expect(() => parseLaunchOptions(args)).toThrow(message);
  });
});
