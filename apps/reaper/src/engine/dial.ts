import { Agent, type IncomingMessage } from 'node:http';
import Dockerode from 'dockerode';

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without the version: `/images/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** Sends a request to the engine under this path and gives the head of its answer, whatever its status; its body is to come. */
export type Dial = (path: string, request: Request, signal: AbortSignal) => Promise<IncomingMessage>;

type ModemDial = (
  options: {
    readonly path: string;
    readonly method: string;
    readonly options: Record<string, string>;
    readonly isStream: true;
    readonly statusCodes: Readonly<Record<number, true>>;
    readonly abortSignal: AbortSignal;
  },
  done: (error: unknown, response: IncomingMessage) => void,
) => void;

/** docker-modem makes an error without a body of any status that is not listed. */
const EVERY_STATUS: Readonly<Record<number, true>> = Object.fromEntries(
  Array.from({ length: 500 }, (_, index) => [100 + index, true as const]),
);

/** One connection for each request, to the engine on this socket and to no other. */
export function createDial(socketPath: string): Dial {
  // Every field is given, since docker-modem fills the others from DOCKER_HOST and its relatives, and a host from
  // there would win over the socket the operator named. No kept connections: after the engine's restart
  // the first request on one would fail.
  const nothingElse = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined };
  const options: Dockerode.DockerOptions & { readonly agent: Agent } = {
    ...nothingElse,
    socketPath,
    protocol: 'http',
    timeout: undefined,
    agent: new Agent({ keepAlive: false }),
  };
  const { modem } = new Dockerode(options) as { readonly modem: { readonly dial: ModemDial } };
  return async (path, { method, query }, abortSignal) =>
    await new Promise((resolve, reject) => {
      const request = { path, method, options: { ...query }, isStream: true } as const;
      modem.dial({ ...request, statusCodes: EVERY_STATUS, abortSignal }, (error, response) =>
        error ? reject(error) : resolve(response),
      );
    });
}
