import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApps, HTML, openSession, type TestApps } from './app.suite.ts';

const HOOK = '/hooks/gitlab.example/projects/42';

/** Every kind of route there is, and some there are not. */
const CLOSED = [
  '/',
  '/assets/page.js',
  '/assets/index.html',
  '/api/hosts',
  '/api/back-fill',
  '/api/hosts/builder-1',
  '/api/hosts/builder-1/journal',
  '/queues',
  '/queues/',
  '/queues/queue/resolve',
  '/queues/api/queues',
  '/queues/static/favicon.ico',
  HOOK,
  '/nowhere',
  '/nowhere?next=/login',
  '/login/',
  '/LOGIN',
  '//login',
  '/assets/style.css/',
];

describe('app', () => {
  let apps: TestApps;
  let app: FastifyInstance;

  beforeAll(async () => {
    apps = await createTestApps();
    app = await apps.build();
  });

  afterAll(() => apps.close());

  describe('without a session', () => {
    it.each(CLOSED)('keeps %s closed to programs', async (url) => {
      const answer = await app.inject({ url });

      expect(answer.statusCode).toBe(401);
      expect(answer.json()).toEqual({ code: 'no-session', message: 'Log in first.' });
    });

    it.each(CLOSED.filter((url) => !url.startsWith('/api/')))(
      'sends a browser at %s to the login',
      async (url) => {
        const answer = await app.inject({ url, headers: HTML });

        expect([answer.statusCode, answer.headers.location]).toEqual([303, '/login']);
        expect(answer.body).toBe('');
      },
    );

    it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'] as const)(
      'keeps everything closed to %s',
      async (method) => {
        for (const url of CLOSED.filter((one) => one !== HOOK)) {
          expect([url, (await app.inject({ method, url })).statusCode]).toEqual([url, 401]);
        }
      },
    );

    it('lets in what has to be open', async () => {
      const open = await Promise.all([
        app.inject({ url: '/health' }),
        app.inject({ url: '/login' }),
        app.inject({ url: '/assets/style.css' }),
        app.inject({ method: 'POST', url: HOOK, headers: { origin: 'https://gitlab.example' } }),
      ]);

      expect(open.map((answer) => answer.statusCode)).toEqual([200, 200, 200, 202]);
      expect(open.map((answer) => answer.headers['content-type'])).toEqual([
        'application/json; charset=utf-8',
        'text/html; charset=utf-8',
        'text/css; charset=utf-8',
        'application/json; charset=utf-8',
      ]);
    });

    it('takes no cookie that it did not seal itself', async () => {
      const other = await apps.build(async () => ({ ...apps.secrets, sessionKey: randomBytes(32) }));
      const cookies = await openSession(other);

      expect((await other.inject({ url: '/', cookies })).statusCode).toBe(200);
      expect((await app.inject({ url: '/', cookies })).statusCode).toBe(401);
      expect((await app.inject({ url: '/', cookies: { sideband: 'x' } })).statusCode).toBe(401);
      expect((await app.inject({ url: '/', cookies: { sideband: 'AAAA;AAAA' } })).statusCode).toBe(401);
    });
  });

  describe('with a session', () => {
    let cookies: Record<string, string>;
    let fresh: FastifyInstance;
    beforeAll(async () => {
      fresh = await apps.build();
      cookies = await openSession(fresh);
    });

    it('serves the page and what it needs', async () => {
      const page = await fresh.inject({ url: '/', cookies });
      const needed = [...page.body.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, url]) => url ?? '');
      const answers = await Promise.all(needed.map((url) => fresh.inject({ url, cookies })));

      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(page.body).not.toMatch(/<script>| style=| on\w+=/);
      expect(needed.length).toBeGreaterThan(1);
      expect(answers.map((answer) => answer.statusCode)).toEqual(needed.map(() => 200));
    });

    it('sends strict headers with everything', async () => {
      const answers = await Promise.all(
        ['/', '/nowhere', '/api/hosts', '/login'].map((url) => fresh.inject({ url, cookies })),
      );
      answers.push(await app.inject({ url: '/' }));

      for (const { headers } of answers) {
        expect(headers['content-security-policy']).toBe(
          "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';" +
            "form-action 'self';frame-ancestors 'none';base-uri 'none'",
        );
        expect(headers['cache-control']).toBe('no-store');
        expect(headers['referrer-policy']).toBe('same-origin');
        expect(headers['x-frame-options']).toBe('DENY');
        expect(headers['x-content-type-options']).toBe('nosniff');
        expect(headers['strict-transport-security']).toBeUndefined();
      }
    });

    it('asks for https to be kept where it is used', async () => {
      const answer = await fresh.inject({ url: '/login', headers: { 'x-forwarded-proto': 'https' } });

      expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    });

    it('answers 404 for what is not there, and says nothing of itself', async () => {
      const answer = await fresh.inject({ url: '/nowhere', cookies });

      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toEqual({ code: 'not-found', message: 'There is nothing at this address.' });
    });

    it('says what is wrong with a parameter', async () => {
      const host = await fresh.inject({ url: '/api/hosts/No_Host', cookies });
      const limit = await fresh.inject({ url: '/api/hosts/builder-1/journal?limit=0', cookies });

      expect(host.statusCode).toBe(400);
      expect(host.json()).toEqual({
        code: 'bad-request',
        message: '"No_Host" is no host name: use 1 to 63 of a-z, 0-9, dot and hyphen',
      });
      expect(limit.statusCode).toBe(400);
      expect(limit.json().message).toBe('limit: expected a whole number from 1 to 500');
    });

    it('answers 503 while Redis is away, at once and without its words', async () => {
      for (const url of ['/api/hosts', '/api/hosts/builder-1', '/queues', '/queues/api/queues']) {
        const answer = await fresh.inject({ url, cookies });

        expect([url, answer.statusCode]).toEqual([url, 503]);
        expect(answer.json()).toEqual({
          code: 'unavailable',
          message: 'Redis cannot be reached; try again later.',
        });
      }
    });
  });

  it('refuses an address that is none without repeating it', async () => {
    const answer = await app.inject({ url: '/%zz<script>' });

    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toEqual({ code: 'bad-request', message: 'The request cannot be understood.' });
  });
});
