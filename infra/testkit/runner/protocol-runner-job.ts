import { crc32 } from 'node:zlib';

/** gitlab-runner sends at most 1 MiB of a log at once. */
const PIECE_BYTES = 1_048_576;

/** What GitLab said of the job, as far as a runner on paper needs it. */
interface Specification {
  readonly id: number;
  readonly token: string;
  readonly job_info: { readonly name: string; readonly project_id: number };
  readonly git_info: { readonly repo_url: string };
  readonly image: { readonly name: string } | null;
  readonly services: readonly { readonly name: string }[];
  readonly variables: readonly { readonly key: string; readonly value: string }[];
  readonly steps: readonly { readonly script: readonly string[] }[];
}

/** A job in the hands of a runner on paper. */
export interface ProtocolJob {
  readonly specification: Specification;
  /** Into the runner's own copy of the log. */
  write(text: string | Uint8Array): void;
  /** Sends what GitLab has not got, in pieces of at most so many bytes; answers the statuses, one a piece. */
  send(pieceBytes?: number): Promise<readonly number[]>;
  /** From now on it believes that GitLab has so many bytes, as after an answer that was lost. */
  believeSent(bytes: number): void;
  /** Says that it still runs; answers what GitLab says of the job. */
  touch(): Promise<string | null>;
  /** Sends the rest of the log, then the end, until GitLab takes it; answers the statuses of the end. */
  end(state: 'success' | 'failed'): Promise<readonly number[]>;
}

/** Throws at an answer that leaves a runner nothing to do but to give up: 403, 404. */
export function openProtocolJob(url: string, specification: Specification): ProtocolJob {
  const address = `${url}/api/v4/jobs/${specification.id}`;
  const headers = { 'JOB-TOKEN': specification.token };
  let log: Buffer = Buffer.alloc(0);
  let sent = 0;

  async function patch(piece: Buffer<ArrayBuffer>): Promise<number> {
    const response = await fetch(`${address}/trace?debug_trace=false`, {
      method: 'PATCH',
      headers: {
        ...headers,
        'Content-Type': 'text/plain',
        'Content-Range': `${sent}-${sent + piece.length - 1}`,
      },
      body: piece,
    });
    if (response.status !== 202 && response.status !== 416) throw givenUp('log', response);
    // After both it goes on where GitLab says that its own copy ends.
    sent = Number(response.headers.get('Range')?.split('-')[1]);
    return response.status;
  }

  async function put(state: string): Promise<Response> {
    const checksum = `crc32:${crc32(log).toString(16).padStart(8, '0')}`;
    const response = await fetch(address, {
      method: 'PUT',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        ...{ token: specification.token, state, output: { checksum, bytesize: log.length } },
        ...(state === 'failed' ? { failure_reason: 'script_failure', exit_code: 1 } : {}),
      }),
    });
    if (![200, 202, 412].includes(response.status)) throw givenUp('state', response);
    return response;
  }

  const send = async (pieceBytes = PIECE_BYTES): Promise<readonly number[]> => {
    const statuses: number[] = [];
    while (sent !== log.length) {
      statuses.push(await patch(Buffer.from(log.subarray(sent, sent + pieceBytes))));
    }
    return statuses;
  };

  return {
    specification,
    write(text) {
      log = Buffer.concat([log, typeof text === 'string' ? Buffer.from(text) : text]);
    },
    send,
    believeSent(bytes) {
      sent = bytes;
    },
    async touch() {
      return (await put('running')).headers.get('Job-Status');
    },
    async end(state) {
      const statuses: number[] = [];
      while (statuses.at(-1) !== 200) {
        await send();
        const { status } = await put(state);
        if (status === 412) sent = 0;
        statuses.push(status);
      }
      return statuses;
    },
  };
}

function givenUp(what: string, response: Response): Error {
  return new Error(`GitLab answered a job's ${what} with ${response.status}`);
}
