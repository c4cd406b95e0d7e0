export interface ServiceName {
  /** Without the registry's port, so no reliable image name. */
  readonly service: string;
  /** A tag, `latest` where there is none, or `@sha256:…`. */
  readonly version: string;
  /** What is pulled. */
  readonly image: string;
}

/** helpers/container/services `SplitNameAndVersion`: how the runner reads the name of a service. */
export function splitServiceName(description: string): ServiceName {
  const match = /^(?<name>.*?)(?::(?<tag>[\w][\w.-]{0,127}))?(?<digest>@sha256:[0-9a-f]{64})?$/.exec(
    description,
  );
  const { name = description, tag, digest } = match?.groups ?? {};
  const service = name.replace(/:[0-9]+(?=\/)/, '');
  const version = tag ?? digest ?? 'latest';
  return {
    service,
    version,
    image: tag === undefined && digest === undefined ? `${name}:latest` : description,
  };
}

/** As the trace says it: `redis:7`, `redis@sha256:…`. */
export function spokenServiceName({ service, version }: ServiceName): string {
  return version.startsWith('@') ? `${service}${version}` : `${service}:${version}`;
}
