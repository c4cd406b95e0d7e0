import type { SystemId } from '@sideband/shared/names';
import type { RunnerSentence } from './runner-sentence.ts';

/** The runner that took the job, in its own words. */
interface TraceRunner {
  /** `19.3.0`; a build of one's own says `development version`. */
  readonly version: string;
  readonly revision: string;
  /** Undefined where the trace ends before the runner has given its name. */
  readonly name: string | undefined;
  /** The beginning of its token, as it stands in its containers' labels. */
  readonly shortToken: string | undefined;
}

/** Who prepared the job, and with what. */
export interface Introduction {
  readonly runner: TraceRunner | undefined;
  readonly systemId: SystemId | undefined;
  /** `docker`, `docker+machine`, `docker-autoscaler`, `kubernetes`, `shell`, `custom`, `ssh`, `instance`, … */
  readonly executor: string | undefined;
  /** The autoscaler's machine on which the engine is: 1 to 255 printable ASCII characters, often an URL. */
  readonly instance: string | undefined;
  /** The lines it was read from, the first line of a trace being 1. Empty for what is undefined. */
  readonly readFrom: Readonly<Record<'runner' | 'systemId' | 'executor' | 'instance', readonly number[]>>;
}

export interface IntroductionReader {
  /** Every whole line of the runner, also those that say nothing. Answers why a sentence was not believed. */
  add(sentence: RunnerSentence | undefined, line: number): string | undefined;
  read(): Introduction;
}

const INSTANCE = /^[!-~](?:[ -~]{0,253}[!-~])?$/;
const AUTOSCALED: ReadonlySet<string> = new Set(['docker-autoscaler', 'instance']);
/** Dialled and connected; more only where the preparation is tried again. */
const MAX_LINES = 16;

/**
 * The runner says who it is in its first two lines, which nobody else can have a hand in. What comes then may be
 * preceded by a warning that quotes a job's variables, line breaks and all (common/build.go, `printSettingErrors`);
 * and once the executor has begun, names and registries' answers follow that are the author's.
 */
export function createIntroductionReader(): IntroductionReader {
  const lines: Record<keyof Introduction['readFrom'], number[]> = {
    runner: [],
    systemId: [],
    executor: [],
    instance: [],
  };
  let runner: TraceRunner | undefined;
  let systemId: SystemId | undefined;
  let executor: string | undefined;
  let instance: string | undefined;
  let headerBefore = false;
  /** Somebody else may have spoken. */
  let strange = false;
  let executorUnsure = false;
  let begun = false;

  function introduce(manager: Extract<RunnerSentence, { kind: 'manager' }>, line: number): void {
    if (runner === undefined) return;
    runner = { ...runner, name: manager.name, shortToken: manager.shortToken };
    lines.runner.push(line);
    systemId = manager.systemId;
    if (systemId !== undefined) lines.systemId.push(line);
  }

  function prepare(name: string, line: number): string | undefined {
    // After a warning that quotes somebody the first may be a forged one, and then the runner's own comes last.
    if (begun || (executor !== undefined && !executorUnsure)) return 'second-executor';
    executor = name;
    lines.executor = [line];
    executorUnsure = strange;
    return undefined;
  }

  function connect(id: string, line: number): string | undefined {
    if (executor === undefined || !AUTOSCALED.has(executor)) return 'unexpected-instance';
    if (!INSTANCE.test(id)) return 'bad-instance';
    if (id === instance) {
      if (!begun && lines.instance.length < MAX_LINES) lines.instance.push(line);
      return undefined;
    }
    if (begun || strange || lines.instance.length > 0) {
      // Tried again with another machine, or forged: nobody can tell which of them has the engine.
      if (!begun) instance = undefined;
      return 'unsure-instance';
    }
    instance = id;
    lines.instance = [line];
    return undefined;
  }

  function take(sentence: RunnerSentence, follows: boolean, line: number): string | undefined {
    switch (sentence.kind) {
      case 'header':
        if (runner !== undefined) return 'second-header';
        runner = {
          version: sentence.version,
          revision: sentence.revision,
          name: undefined,
          shortToken: undefined,
        };
        lines.runner = [line];
        headerBefore = true;
        return undefined;
      case 'manager':
        if (follows) introduce(sentence, line);
        return follows || sentence.systemId === undefined ? undefined : 'second-manager';
      case 'preparing':
        return prepare(sentence.executor, line);
      case 'instance':
        return connect(sentence.id, line);
      case 'executor':
      case 'kubernetes':
        begun = true;
        return undefined;
      case 'broken':
        // Only what names an image can be broken.
        begun = true;
        strange = true;
        return undefined;
      case 'failure':
        strange = true;
        return undefined;
      default:
        return undefined;
    }
  }

  return {
    add(sentence, line) {
      const follows = headerBefore;
      headerBefore = false;
      return sentence === undefined ? undefined : take(sentence, follows, line);
    },
    read: () => ({
      runner,
      systemId,
      executor,
      instance,
      readFrom: { ...lines, instance: instance === undefined ? [] : lines.instance },
    }),
  };
}
