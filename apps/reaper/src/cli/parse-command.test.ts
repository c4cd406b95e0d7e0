import { expect, test } from 'vitest';
import { parseCommand } from './parse-command.ts';

test.each([
  [[], { kind: 'run', standalone: false }],
  [['run'], { kind: 'run', standalone: false }],
  [['run', '--standalone'], { kind: 'run', standalone: true }],
  [['--standalone', 'run'], { kind: 'run', standalone: true }],
  [['--standalone'], { kind: 'run', standalone: true }],
  [['--help'], { kind: 'help' }],
  [['-h'], { kind: 'help' }],
  [['run', '--standalone', '--help'], { kind: 'help' }],
  [['--version'], { kind: 'version' }],
  [['--', 'run'], { kind: 'run', standalone: false }],
])('%j is understood', (args, command) => {
  expect(parseCommand(args)).toEqual({ ok: true, value: command });
});

test.each([
  [['reap'], 'there is no command "reap"'],
  [[''], 'there is no command ""'],
  [['help'], 'there is no command "help"'],
  [['run', 'now', 'please'], 'run takes no argument, and there is "now please"'],
  [['run', '--', '--standalone'], 'run takes no argument, and there is "--standalone"'],
  [['run', '--standalon'], 'there is no option "--standalon"'],
  [['--no-standalone'], 'there is no option "--no-standalone"'],
  [['--toString'], 'there is no option "--toString"'],
  [['--__proto__'], 'there is no option "--__proto__"'],
  [['-x'], 'there is no option "-x"'],
  [['-hx'], 'there is no option "-x"'],
  [['run', '--standalone=yes'], '--standalone takes no value'],
  [['run', '--standalone='], '--standalone takes no value'],
  [['--policy', 'policy.yaml'], 'there is no option "--policy"'],
  [['\u001b[2J'], 'there is no command "\\u001b[2J"'],
])('%j is refused', (args, message) => {
  expect(parseCommand(args)).toMatchObject({ ok: false, error: { message } });
});
