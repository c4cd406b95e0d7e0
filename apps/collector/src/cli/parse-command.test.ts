import { expect, test } from 'vitest';
import { parseCommand } from './parse-command.ts';

const NOWHERE = { projects: [], groups: [], instance: false, file: false };

test.each([
  [[], { kind: 'serve' }],
  [['serve'], { kind: 'serve' }],
  [['--help'], { kind: 'help' }],
  [['hooks', '-h'], { kind: 'help' }],
  [['--version'], { kind: 'version' }],
  [['trace', 'job.log'], { kind: 'trace', source: 'job.log', json: false }],
  [['trace', '-', '--json'], { kind: 'trace', source: '-', json: true }],
  [
    ['trace', '--json', 'https://gitlab.example/a/b/-/jobs/1'],
    { kind: 'trace', source: 'https://gitlab.example/a/b/-/jobs/1', json: true },
  ],
  [['doctor'], { kind: 'doctor', gitlab: undefined, json: false }],
  [['doctor', '--gitlab=work', '--json'], { kind: 'doctor', gitlab: 'work', json: true }],
  [
    ['hooks', 'install', '--project', '42', '--project=group/app', '--apply'],
    {
      kind: 'hooks',
      action: 'install',
      where: { ...NOWHERE, projects: ['42', 'group/app'] },
      ...{ gitlab: undefined, apply: true, json: false },
    },
  ],
  [
    ['hooks', 'verify', '--instance', '--group', '7', '--gitlab', 'work', '--json'],
    {
      kind: 'hooks',
      action: 'verify',
      where: { ...NOWHERE, groups: ['7'], instance: true },
      ...{ gitlab: 'work', apply: false, json: true },
    },
  ],
  [
    ['hooks', 'secret', '--file'],
    {
      kind: 'hooks',
      action: 'secret',
      where: { ...NOWHERE, file: true },
      ...{ gitlab: undefined, apply: false, json: false },
    },
  ],
])('%j is understood', (args, command) => {
  expect(parseCommand(args)).toEqual({ ok: true, value: command });
});

test.each([
  [['reap'], 'there is no command "reap"'],
  [['toString'], 'there is no command "toString"'],
  [['\u001b[2J'], 'there is no command "\\u001b[2J"'],
  [['serve', 'now'], 'serve takes no argument, and there is "now"'],
  [['serve', '--json'], 'serve has no option --json'],
  [['--jsn'], 'there is no option "--jsn"'],
  [['doctor', '--json=yes'], '--json takes no value'],
  [['doctor', '--gitlab'], '--gitlab wants a value'],
  [['doctor', '--gitlab='], '--gitlab wants a value'],
  [['doctor', 'all'], 'doctor takes no argument, and there is "all"'],
  [['trace'], 'trace wants a file, a job’s address, or - for standard input'],
  [['trace', 'a', 'b'], 'trace takes one argument, and there is also "b"'],
  [['hooks'], 'hooks wants one of install, verify, list, remove, secret'],
  [['hooks', 'instal'], 'hooks wants one of install, verify, list, remove, secret, not "instal"'],
  [['hooks', 'install'], 'hooks install wants --project, --group or --instance'],
  [['hooks', 'list', 'x', '--instance'], 'hooks list takes no argument, and there is "x"'],
  [['hooks', 'verify', '--instance', '--apply'], 'hooks verify changes nothing and has no --apply'],
  [['hooks', 'install', '--file'], '--file belongs to hooks secret: it is installed by hand'],
])('%j is refused', (args, message) => {
  expect(parseCommand(args)).toMatchObject({ ok: false, error: { message } });
});
