import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { layerTar } from './layer.ts';
import {
  type Blob,
  type Catalogue,
  layOut,
  MANIFEST_TYPE,
  type Manifest,
  type Shelf,
} from './registry-catalogue.ts';

interface Served {
  /** Bytes of the files in the layers that were sent completely, as the catalogue names them. */
  readonly layerBytes: number;
  /** Layer id → times sent completely. */
  readonly layerPulls: ReadonlyMap<number, number>;
  /** Reference as in the catalogue → times its manifest was sent. */
  readonly imagePulls: ReadonlyMap<string, number>;
}

export interface Registry {
  /** To be an engine's HTTP proxy and its mirror of docker.io. */
  readonly url: string;
  readonly port: number;
  /** The registries it plays, `docker.io` too where it has images of it. */
  readonly names: readonly string[];
  /** Same as `served().layerBytes`. */
  bytesServed(): number;
  served(): Served;
  stop(): Promise<void>;
}

/**
 * A read-only image registry (Docker's HTTP API v2) on the loopback interface. As an engine's HTTP proxy it is
 * `quay.io` and any other registry of its catalogue; as a mirror it is docker.io. It knows nothing else and passes nothing on.
 */
export async function startRegistry(
  catalogue: Catalogue,
  options: { readonly cacheDirectory?: string } = {},
): Promise<Registry> {
  const shelf = await layOut(catalogue, options.cacheDirectory);
  const tally = new Tally(catalogue.layers);
  const server = createServer((request, response) => {
    answer(request, response, shelf, tally).catch(() => response.destroy());
  });
  // An engine tries TLS first; refused, it comes back without for the registries it may.
  server.on('connect', (_request, socket) => socket.end('HTTP/1.1 405 Method Not Allowed\r\n\r\n'));
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    names: shelf.domains,
    bytesServed: () => tally.served().layerBytes,
    served: () => tally.served(),
    stop: () => close(server),
  };
}

/** `/v2/<path>/manifests/<tag or digest>` or `/v2/<path>/blobs/<digest>`. */
const ROUTE = /^\/v2\/(?<path>.+)\/(?<kind>manifests|blobs)\/(?<name>[^/]+)$/;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  shelf: Shelf,
  tally: Tally,
): Promise<void> {
  const wantsBody = request.method === 'GET';
  if (!wantsBody && request.method !== 'HEAD') return refuse(response, 405, 'UNSUPPORTED');
  response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
  const target = new URL(request.url ?? '/', 'http://docker.io');
  if (target.pathname === '/v2/') return void response.end('{}');
  const { path, kind, name } = ROUTE.exec(target.pathname)?.groups ?? {};
  if (path === undefined || name === undefined) return refuse(response, 404, 'NAME_UNKNOWN');
  if (kind === 'manifests') {
    const separator = name.startsWith('sha256:') ? '@' : ':';
    const manifest = shelf.manifests.get(`${target.host}/${path}${separator}${name}`);
    if (manifest === undefined) return refuse(response, 404, 'MANIFEST_UNKNOWN');
    sendManifest(response, manifest, wantsBody);
    if (wantsBody) tally.image(manifest.reference);
    return;
  }
  const blob = shelf.blobs.get(name);
  if (blob === undefined) return refuse(response, 404, 'BLOB_UNKNOWN');
  await sendBlob(response, name, blob, wantsBody);
  if (wantsBody && blob.kind === 'layer') tally.layer(blob.layer);
}

function sendManifest(response: ServerResponse, { digest, content }: Manifest, wantsBody: boolean): void {
  response.writeHead(200, {
    'content-type': MANIFEST_TYPE,
    'content-length': content.length,
    'docker-content-digest': digest,
  });
  response.end(wantsBody ? content : undefined);
}

/** Settles when the last byte was handed over; rejects when the engine hung up before. */
async function sendBlob(
  response: ServerResponse,
  digest: string,
  blob: Blob,
  wantsBody: boolean,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': blob.bytes,
    'docker-content-digest': digest,
  });
  if (!wantsBody) return void response.end();
  await pipeline(Readable.from(blob.kind === 'config' ? [blob.content] : layerTar(blob.recipe)), response);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message: code }] }));
}

class Tally {
  readonly #sizes: ReadonlyMap<number, number>;
  readonly #layers = new Map<number, number>();
  readonly #images = new Map<string, number>();
  #bytes = 0;

  constructor(sizes: ReadonlyMap<number, number>) {
    this.#sizes = sizes;
  }

  layer(layer: number): void {
    this.#layers.set(layer, (this.#layers.get(layer) ?? 0) + 1);
    this.#bytes += this.#sizes.get(layer) ?? 0;
  }

  image(reference: string): void {
    this.#images.set(reference, (this.#images.get(reference) ?? 0) + 1);
  }

  served(): Served {
    return {
      layerBytes: this.#bytes,
      layerPulls: new Map(this.#layers),
      imagePulls: new Map(this.#images),
    };
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') failed(new Error('A TCP server without a port'));
      else done(address.port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}
