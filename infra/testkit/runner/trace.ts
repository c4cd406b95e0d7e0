import type { Clock } from '@sideband/shared/clock';
import type { LocalImage } from './engine.ts';
import { type TraceFormat, traceWriter } from './trace-writer.ts';

// helpers/ansi_colors.go
const CLEAR = '\u001b[0K';
const RESET = '\u001b[0;m';
const BOLD_CYAN = '\u001b[36;1m';
const BOLD_GREEN = '\u001b[32;1m';
const BOLD_RED = '\u001b[31;1m';
const YELLOW = '\u001b[0;33m';

/** The stages that are simulated, with what their sections are headed. */
const descriptions = {
  prepare_executor: 'Preparing the "docker" executor',
  prepare_script: 'Preparing environment',
  get_sources: 'Getting source from Git repository',
  step_script: 'Executing "step_script" stage of the job script',
  cleanup_file_variables: 'Cleaning up project directory and file based variables',
} as const;

export type Section = keyof typeof descriptions;

/** What the head of a trace says of the runner. */
export interface TraceRunner {
  readonly name: string;
  /** The first nine characters of its token, without `glrt-`. */
  readonly shortToken: string;
  readonly systemId: string;
  /** `19.3.0` */
  readonly version: string;
  readonly revision: string;
}

/** gitlab-runner's own sentences in a job's log, byte for byte. Each method answers what is to be appended. */
export interface Trace {
  head(runner: TraceRunner): string;
  sectionStart(section: Section): string;
  sectionEnd(section: Section): string;
  executorImage(image: string): string;
  startingService(name: string): string;
  waitingForServices(): string;
  /** Only said when it has to be pulled. */
  helperImage(image: string): string;
  effectivePullPolicy(policies: readonly string[], image: string): string;
  attempt(number: number, policy: string): string;
  pulling(image: string): string;
  foundLocally(policy: string): string;
  pullFailed(policy: string, reason: string): string;
  usingImage(name: string, image: LocalImage): string;
  runningOn(container: string, manager: string): string;
  /** What the helper says while it fetches sources. */
  progress(text: string): string;
  /** A line of the job's script, and what it prints. */
  command(text: string): string;
  output(text: string, type?: 'O' | 'E'): string;
  succeeded(): string;
  /** After `ERROR: `: `Job failed: exit code 1`. */
  failed(reason: string): string;
}

/** Sentences and colours of 18.0 to 19.3; only the timestamps differ by `format`. */
export function openTrace(format: TraceFormat, clock: Clock): Trace {
  const writer = traceWriter(format, clock);
  const println = (text: string): string => writer.line(`${CLEAR}${text}${RESET}`);
  const marker = (word: 'start' | 'end', section: Section): string =>
    writer.marker(`section_${word}:${Math.floor(clock.now() / 1_000)}:${section}\r${CLEAR}`);

  return {
    head: (runner) =>
      println(`Running with gitlab-runner ${runner.version} (${runner.revision})`) +
      println(`  on ${runner.name} ${runner.shortToken}, system ID: ${runner.systemId}`) +
      writer.close(),
    sectionStart: (section) =>
      marker('start', section) + println(`${BOLD_CYAN}${descriptions[section]}${RESET}`),
    sectionEnd: (section) => marker('end', section),
    executorImage: (image) => println(`Using Docker executor with image ${image} ...`),
    startingService: (name) => println(`Starting service ${name}...`),
    waitingForServices: () => println('Waiting for services to be up and running (timeout 30 seconds)...'),
    helperImage: (image) => println(`Using helper image:  ${image}`),
    effectivePullPolicy: (policies, image) =>
      println(`Using effective pull policy of [${policies.join(' ')}] for container ${image}`),
    attempt: (number, policy) =>
      writer.line(`${BOLD_GREEN}Attempt #${number}: Trying "${policy}" pull policy${RESET}`),
    pulling: (image) => println(`Pulling docker image ${image} ...`),
    foundLocally: (policy) => println(`Using locally found image version due to "${policy}" pull policy`),
    pullFailed: (policy, reason) =>
      writer.line(`${YELLOW}WARNING: Failed to pull image with policy "${policy}": ${reason}${RESET}`),
    usingImage: (name, { id, digest }) =>
      println(
        `Using docker image ${id} for ${name} ${digest === undefined ? '' : `with digest ${digest} `}...`,
      ),
    runningOn: (container, manager) => writer.script(`Running on ${container} via ${manager}...`, 'O'),
    progress: (text) => writer.script(`${BOLD_GREEN}${text}${RESET}`, 'O'),
    command: (text) => writer.script(`${BOLD_GREEN}$ ${text}${RESET}`, 'O'),
    output: (text, type = 'O') => writer.script(text, type),
    succeeded: () => `${writer.close()}${writer.line(`${BOLD_GREEN}Job succeeded${RESET}`)}`,
    failed: (reason) => `${writer.close()}${writer.line(`${BOLD_RED}ERROR: ${reason}${RESET}`)}`,
  };
}
