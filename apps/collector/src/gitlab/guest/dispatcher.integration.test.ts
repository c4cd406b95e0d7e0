import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { until } from '@sideband/infra/testkit/until';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type AwkwardServer,
  expectNoSecret,
  failureOf,
  PROXY_PASSWORD,
  startAwkwardServer,
  visit,
} from './guest.suite.ts';

const PATH = 'projects/7';
const CREDENTIALS = `user:${PROXY_PASSWORD}`;

/** A CONNECT proxy that lets in who knows the password, if there is one. */
interface Proxy {
  readonly port: number;
  readonly targets: readonly string[];
  readonly headers: readonly (string | undefined)[];
  stop(): Promise<void>;
}

async function startProxy(server: Server, password?: string): Promise<Proxy> {
  const targets: string[] = [];
  const headers: (string | undefined)[] = [];
  const open = new Set<Duplex>();
  server.on('connect', (request: IncomingMessage, client: Duplex) => {
    targets.push(request.url ?? '');
    headers.push(request.headers['proxy-authorization']);
    open.add(client);
    const expected = `Basic ${Buffer.from(password ?? '').toString('base64')}`;
    if (password !== undefined && request.headers['proxy-authorization'] !== expected) {
      return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
    }
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    open.add(upstream);
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    targets,
    headers,
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Certificates {
  readonly ca: string;
  readonly server: { readonly key: string; readonly cert: string };
}

/** An authority, and a certificate for 127.0.0.1 that it signed. */
function makeCertificates(directory: string): Certificates {
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'ignore', 'ignore'] });
  const elliptic = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  openssl(
    'req',
    '-x509',
    ...elliptic,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Sideband test CA',
  );
  openssl(
    ...['req', '-x509', ...elliptic, '-CA', 'ca.pem', '-CAkey', 'ca.key'],
    ...['-keyout', 'server.key', '-out', 'server.pem', '-subj', '/CN=gitlab'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE'],
  );
  return { ca: read('ca.pem'), server: { key: read('server.key'), cert: read('server.pem') } };
}

function whyNoOpenssl(): string | undefined {
  try {
    const version = execFileSync('openssl', ['version'], { encoding: 'utf8' });
    // -CA of `req -x509` came with 3.0.
    return version.startsWith('OpenSSL 3') ? undefined : 'openssl is older than 3.0';
  } catch {
    return 'there is no openssl';
  }
}

skipBecause(whyNoOpenssl()).describe('a GitLab with a certificate of its own authority', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let certificates: Certificates;
  let gitlab: AwkwardServer;

  beforeAll(async () => {
    directory = await temporaryDirectory('certificates');
    certificates = makeCertificates(directory.path);
  });
  afterAll(() => directory.remove());
  beforeEach(async () => {
    gitlab = await startAwkwardServer(createHttpsServer(certificates.server), 'https');
  });
  afterEach(() => gitlab.stop());

  test('is trusted where the authority is given, among others too', async () => {
    expect(await visit(gitlab.url, { ca: certificates.ca }).get(PATH)).toEqual({});
    const bundle = `# ours\n${certificates.server.cert}\n# theirs\n${certificates.ca}`;
    expect(await visit(gitlab.url, { ca: bundle }).get(PATH)).toEqual({});
  });

  test('is not trusted where it is not, and no request is sent', async () => {
    const guest = visit(gitlab.url);
    const error = await failureOf(guest.get(PATH));
    expect(error.details).toEqual({
      ...{ path: PATH, reason: 'network' },
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
    expect(gitlab.asked).toEqual([]);
    expectNoSecret(JSON.stringify([guest.outcomes, guest.logged]));
  });

  test('is not trusted under another name', async () => {
    const url = gitlab.url.replace('127.0.0.1', 'localhost');
    const error = await failureOf(visit(url, { ca: certificates.ca }).get(PATH));
    expect(error.details).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(gitlab.asked).toEqual([]);
  });

  test.each([
    ['http', () => createHttpServer()],
    ['https', () => createHttpsServer(certificates.server)],
  ])(
    'is reached through an %s proxy, whose password is shown to nobody else',
    async (scheme, createProxy) => {
      const proxy = await startProxy(createProxy(), CREDENTIALS);
      const address = `${scheme}://user:${encodeURIComponent(PROXY_PASSWORD)}@127.0.0.1:${proxy.port}`;
      let authorization: string | undefined = 'not asked';
      gitlab.answer = (request, response) => {
        authorization = request.headers['proxy-authorization'];
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      };
      try {
        const guest = visit(gitlab.url, { ca: certificates.ca, proxy: () => address });
        expect(await guest.get(PATH)).toEqual({});
        expect(proxy.targets).toEqual([new URL(gitlab.url).host]);
        expect(authorization).toBeUndefined();

        const untrusted = visit(gitlab.url, { proxy: () => address });
        expect((await failureOf(untrusted.get(PATH))).code).toBe('GITLAB_UNAVAILABLE');
        expectNoSecret(JSON.stringify([untrusted.logged, untrusted.outcomes, guest.outcomes]));
        expect(gitlab.asked).toHaveLength(1);
      } finally {
        await proxy.stop();
      }
    },
  );
});

test('what is no certificate is refused at once', () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
  for (const ca of ['', 'gitlab.crt', broken]) {
    expect(() => visit('http://127.0.0.1:9', { ca })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        details: expect.objectContaining({ setting: 'ca' }),
      }),
    );
  }
});

test.each(['not an address', 'ftp://user:hunter2@proxy', 'http://user:hunter2%@proxy:3128'])(
  'what is no proxy is refused at once, and not repeated: %s',
  (address) => {
    let thrown: unknown;
    try {
      visit('http://127.0.0.1:9', { proxy: () => address });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'CONFIG_INVALID', details: { setting: 'proxy' } });
    expect(JSON.stringify(thrown)).not.toContain('hunter2');
  },
);

test('a proxy that wants a password we do not have is named, with no secret', async () => {
  const gitlab = await startAwkwardServer();
  const proxy = await startProxy(createHttpServer(), CREDENTIALS);
  try {
    const guest = visit(gitlab.url, { proxy: () => `http://user:wrong@127.0.0.1:${proxy.port}` });
    const error = await failureOf(guest.get(PATH));
    expect(error.details).toMatchObject({ path: PATH, reason: 'network', proxyStatus: 407 });
    expect(JSON.stringify([error, guest.logged, guest.outcomes])).not.toContain('wrong');
    expect(gitlab.asked).toEqual([]);
  } finally {
    await proxy.stop();
    await gitlab.stop();
  }
});

test('without credentials a proxy is sent none', async () => {
  const gitlab = await startAwkwardServer();
  const proxy = await startProxy(createHttpServer());
  try {
    expect(await visit(gitlab.url, { proxy: () => `http://127.0.0.1:${proxy.port}` }).get(PATH)).toEqual({});
    expect(proxy.headers).toEqual([undefined]);
  } finally {
    await proxy.stop();
    await gitlab.stop();
  }
});

test('a proxy that does not answer is given up, and left', async () => {
  const server = createHttpServer();
  const waiting = new Set<Duplex>();
  server.on('connect', (_request: IncomingMessage, client: Duplex) => {
    waiting.add(client);
    // Only who reads hears that the other side has left.
    client
      .on('end', () => client.destroy())
      .on('error', () => client.destroy())
      .resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const guest = visit('https://gitlab.invalid', { proxy: () => address, timeoutMs: 150 });
    expect((await failureOf(guest.get(PATH))).details).toEqual({ path: PATH, reason: 'time-out' });
    await guest.guest.close();
    await until('the connections to be closed', async () => [...waiting].every((socket) => socket.destroyed));
  } finally {
    for (const socket of waiting) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});
