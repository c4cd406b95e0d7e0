/** An image that is on the host. */
export interface LocalImage {
  /** `sha256:` and 64 hex digits. */
  readonly id: string;
  /** The first of its digest references, `ruby@sha256:…`; a local build may have none. */
  readonly digest: string | undefined;
}

export interface NewContainer {
  readonly imageId: string;
  /** What the container is created from instead of the id: a digest reference, as the runner does since 19.2. */
  readonly reference?: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A container engine in the verbs gitlab-runner's docker executor uses. References are as a job asks for them. */
export interface RunnerEngine {
  find(reference: string): Promise<LocalImage | undefined>;
  /** Throws `PullFailed`. */
  pull(reference: string): Promise<void>;
  /** Answers the container's id. Throws `ImageMissing` when the image is gone. */
  create(container: NewContainer): Promise<string>;
  start(container: string): Promise<void>;
  /** By force, with its anonymous volumes; nothing happens if it is gone. */
  remove(container: string): Promise<void>;
}

export class PullFailed extends Error {
  /** The disk is full: room may be made and the pull tried again. */
  readonly noSpace: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PullFailed';
    this.noSpace = message.includes('no space left on device');
  }
}

export class ImageMissing extends Error {
  constructor(image: string, options?: ErrorOptions) {
    super(`No such image: ${image}`, options);
    this.name = 'ImageMissing';
  }
}
