import { SidebandError } from '@sideband/shared/errors';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApps, FORM, HTML, logIn, openSession, PASSWORD, type TestApps } from '../app.suite.ts';

const TWELVE_HOURS_MS = 12 * 3_600_000;

describe('login', () => {
  let apps: TestApps;
  let app: FastifyInstance;

  beforeAll(async () => {
    apps = await createTestApps();
    app = await apps.build();
  });

  afterAll(() => apps.close());

  it('refuses a wrong password and an unreadable form, and sets no cookie', async () => {
    const wrong = await logIn(app, 'wrong', HTML);
    const empty = await app.inject({ method: 'POST', url: '/login', headers: FORM, payload: '' });
    const json = await app.inject({ method: 'POST', url: '/login', payload: { password: ['a'] } });

    expect(wrong.statusCode).toBe(401);
    expect(wrong.body).toContain('That is not the password.');
    expect([empty.statusCode, json.statusCode]).toEqual([401, 401]);
    expect([wrong, empty, json].flatMap((answer) => answer.cookies)).toEqual([]);
  });

  it('never shows again what was typed', async () => {
    const answer = await logIn(app, '<script>', HTML);

    expect(answer.body).not.toContain('script');
  });

  it('opens everything for twelve hours and not longer', async () => {
    const early = await apps.build();
    const cookies = await openSession(early);
    expect((await early.inject({ url: '/', cookies })).statusCode).toBe(200);
    expect((await early.inject({ url: '/login', cookies })).headers.location).toBe('/');

    apps.clock.advance(TWELVE_HOURS_MS - 1);
    expect((await early.inject({ url: '/', cookies })).statusCode).toBe(200);
    apps.clock.advance(1);
    expect((await early.inject({ url: '/', cookies })).statusCode).toBe(401);
  });

  it('gives a cookie that scripts and other sites cannot use, over https only if it came so', async () => {
    const fresh = await apps.build();
    const plain = await logIn(fresh, PASSWORD);
    const encrypted = await logIn(fresh, PASSWORD, { 'x-forwarded-proto': 'https' });

    expect([plain.statusCode, plain.headers.location]).toEqual([303, '/']);
    const shared = { name: 'sideband', path: '/', httpOnly: true, sameSite: 'Strict', maxAge: 43_200 };
    expect(plain.cookies).toEqual([{ ...shared, value: expect.any(String) }]);
    expect(encrypted.cookies).toEqual([{ ...shared, value: expect.any(String), secure: true }]);
  });

  it('takes back the cookie at logout', async () => {
    const fresh = await apps.build();
    const cookies = await openSession(fresh);
    const answer = await fresh.inject({
      method: 'POST',
      url: '/logout',
      cookies,
      headers: FORM,
      payload: '',
    });

    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/login']);
    expect(answer.cookies).toMatchObject([{ name: 'sideband', value: '', maxAge: 0 }]);
  });

  it('limits the attempts of one address, also with the right password', async () => {
    const fresh = await apps.build();
    for (let attempt = 0; attempt < 10; attempt++) await logIn(fresh, '');
    const browser = await logIn(fresh, PASSWORD, HTML);
    const program = await logIn(fresh, PASSWORD);
    const elsewhere = await fresh.inject({
      method: 'POST',
      url: '/login',
      remoteAddress: '192.0.2.7',
      headers: { ...FORM, 'x-forwarded-for': '127.0.0.1' },
      payload: `password=${PASSWORD}`,
    });

    expect([browser.statusCode, program.statusCode, elsewhere.statusCode]).toEqual([429, 429, 303]);
    expect(browser.body).toContain('Too many attempts');
    expect(Number(program.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('answers 503 until the secrets can be read, then works', async () => {
    let away = true;
    const late = await apps.build(async () => {
      if (away) throw new SidebandError('REDIS_UNAVAILABLE');
      return apps.secrets;
    });

    const before = await logIn(late, PASSWORD, HTML);
    away = false;
    const after = await logIn(late, PASSWORD);

    expect(before.statusCode).toBe(503);
    expect(before.body).toContain('Redis cannot be reached');
    expect(after.statusCode).toBe(303);
    const cookies = { sideband: after.cookies[0]?.value ?? '' };
    expect((await late.inject({ url: '/', cookies })).statusCode).toBe(200);
  });

  it('refuses a login and a logout sent by another site', async () => {
    const fresh = await apps.build();
    const cookies = await openSession(fresh);
    const foreign: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ];
    for (const headers of foreign) {
      const login = await logIn(fresh, PASSWORD, headers);
      const logout = await fresh.inject({ method: 'POST', url: '/logout', cookies, headers });

      expect([login.statusCode, login.json().code]).toEqual([403, 'cross-site']);
      expect([logout.statusCode, logout.json().code]).toEqual([403, 'cross-site']);
      expect([...login.cookies, ...logout.cookies]).toEqual([]);
    }
  });

  it('refuses a form that is too large before it is checked', async () => {
    const answer = await logIn(app, 'x'.repeat(9_000));

    expect([answer.statusCode, answer.json().code]).toEqual([413, 'too-large']);
  });
});
