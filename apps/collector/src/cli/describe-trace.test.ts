import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedOf, read, readCorpus } from '../resolve/corpus/read-corpus.suite.ts';
import { createTraceReader, type TraceHead } from '../resolve/trace-reader.ts';
import { describeTrace, renderTrace } from './describe-trace.ts';

function headOf(name: string): TraceHead {
  const found = readCorpus().find((one) => one.name === name);
  if (found === undefined) throw new Error(`The corpus has no case ${name}`);
  return read(found.trace);
}

describe('a trace, described', () => {
  it('has every key, null for what is not said', () => {
    expect(describeTrace(createTraceReader().finish())).toEqual({
      runner: null,
      systemId: null,
      executor: null,
      instance: null,
      images: [],
      trusted: { by: 'nothing', how: expect.stringContaining('No gitlab-runner introduces itself') },
      complete: false,
      format: 'unknown',
      bytesRead: 0,
      ignored: [],
      readFrom: { runner: null, systemId: null, executor: null, instance: null },
    });
  });

  it('survives JSON', () => {
    const name = 'docker-19.3-everything';
    expect(JSON.parse(JSON.stringify(describeTrace(headOf(name))))).toEqual(expectedOf(name));
  });
});

describe('a trace, shown', () => {
  it('says what the JSON says, and where it stands', () => {
    const text = renderTrace(headOf('docker-16.0-helper-overridden'));
    expect(text.split('\n').filter((line) => !line.startsWith('trusted'))).toEqual([
      'runner           16.0.2 (0a1b2c3d), "linux-docker-1", token aB3dE5gH7  [line 1, 2]',
      'system id        s_0a1b2c3d4e5f  [line 2]',
      'executor         docker  [line 3]',
      'instance         not said',
      'images           2',
      '  helper         artifactory.example.com:443/base/gitlab-runner-helper:x86_64-v16.0.2  [line 5, 6, 7]',
      '    canonical    artifactory.example.com:443/base/gitlab-runner-helper:x86_64-v16.0.2',
      expect.stringMatching(/^ {4}id {11}sha256:[0-9a-f]{64}$/),
      '    came         found locally',
      '  build          alpine:3.18  [line 4, 8, 9]',
      '    canonical    docker.io/library/alpine:3.18',
      expect.stringMatching(/^ {4}id {11}sha256:[0-9a-f]{64}$/),
      expect.stringMatching(/^ {4}digest {7}alpine@sha256:[0-9a-f]{64}$/),
      '    came         found locally',
      'complete         yes',
      expect.stringMatching(/^read {13}\d+ bytes, plain$/),
      '',
    ]);
  });

  it('tells that a name is masked, and which lines were not believed', () => {
    expect(renderTrace(headOf('masked-name'))).toContain('  build          its name is masked');
    expect(renderTrace(headOf('second-system-id'))).toContain('ignored          second-manager: 3\n');
  });

  it('cannot be made to move the cursor, to change a colour or to write backwards', () => {
    const hostile = fc.string({
      unit: fc.constantFrom(
        'a',
        ' ',
        '"',
        '\u001b[2J',
        '\u0007',
        '\r',
        '\n',
        '\u009b',
        '\u202e',
        '\u2028',
        'é',
      ),
    });
    const head = headOf('autoscaler-19.3-aws');
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (version, name, shortToken, instance) => {
        const runner = { version, revision: version, name, shortToken };
        const withPlatform = (reference: string, platform: string): TraceHead['images'] =>
          head.images.map((image) => ({ ...image, reference, platform }));
        const text = renderTrace({ ...head, runner, instance, images: withPlatform(name, version) });
        const harmless = renderTrace({ ...head, images: withPlatform('ruby', 'linux/amd64') });
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(text.split('\n')).toHaveLength(harmless.split('\n').length);
      }),
    );
  });
});
