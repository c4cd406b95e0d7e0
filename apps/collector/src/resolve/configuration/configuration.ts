/**
 * What of a merged CI configuration says which images its jobs use. Names are as written, with their variables.
 * Where a value is null, something is there that is not understood: then nothing is known of what it says.
 */
export interface Configuration {
  /** `default:`, and what older configurations say at their top. */
  readonly defaults: ImageSettings;
  readonly variables: Variables;
  /** Names of variables that `workflow:rules` may set. */
  readonly workflowVariables: readonly string[] | null;
  /** Without templates, whose names begin with a dot. */
  readonly jobs: JobsByName;
}

export interface WholeConfiguration extends Configuration {
  readonly jobs: ReadonlyMap<string, ConfiguredJob | null>;
}

interface JobsByName {
  get(name: string): ConfiguredJob | null | undefined;
}

export interface ImageSettings {
  /** Undefined: not set. */
  readonly image?: string | null | undefined;
  /** Undefined: not set. An empty list is set, and inherits nothing. */
  readonly services?: readonly (string | null)[] | null | undefined;
}

export interface ConfiguredJob extends ImageSettings {
  readonly stage: string | null;
  readonly variables: Variables;
  /** Names of variables that the job's `rules` may set. */
  readonly ruleVariables: readonly string[] | null;
  readonly inheritDefault: Inherit;
  readonly inheritVariables: Inherit;
  readonly parallel?: Parallel | null | undefined;
  /** It starts another pipeline and runs nowhere. */
  readonly isTrigger: boolean;
}

/** All, nothing, or what is named; null: not understood. */
export type Inherit = boolean | readonly string[] | null;

export type Variables = ReadonlyMap<string, Variable | null> | null;

export interface Variable {
  readonly value: string;
  /** `expand: false`: what looks like a variable in it is none. */
  readonly isRaw: boolean;
}

/** `parallel: 5`, or the rows of a matrix: each a list of variables with their values, in the order written. */
export type Parallel = number | readonly MatrixRow[];
export type MatrixRow = readonly (readonly [string, readonly string[]])[];
