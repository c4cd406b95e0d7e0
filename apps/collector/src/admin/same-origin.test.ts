import { describe, expect, it } from 'vitest';
import { isSameOrigin } from './same-origin.ts';

const host = 'sideband.example:8080';

describe('isSameOrigin', () => {
  it.each([
    ['our page over https or on localhost', { host, 'sec-fetch-site': 'same-origin' }],
    ['an address typed by the user', { host, 'sec-fetch-site': 'none' }],
    ['our page over plain http', { host, origin: 'http://sideband.example:8080' }],
    [
      'our page behind a proxy that ends TLS',
      { host: 'sideband.example', origin: 'https://sideband.example' },
    ],
    ['curl', { host }],
  ])('lets %s in', (_, headers) => {
    expect(isSameOrigin(headers)).toBe(true);
  });

  it.each([
    ['another site', { host, 'sec-fetch-site': 'cross-site' }],
    ['a sibling domain', { host, 'sec-fetch-site': 'same-site' }],
    ['a word we do not know', { host, 'sec-fetch-site': 'same-origin, none' }],
    ['another site over plain http', { host, origin: 'http://evil.example' }],
    ['another port', { host, origin: 'http://sideband.example:9090' }],
    ['a sandboxed frame', { host, origin: 'null' }],
    ['an origin that only begins like ours', { host, origin: 'http://sideband.example:8080.evil.example' }],
    ['user information made to look like us', { host, origin: 'http://sideband.example:8080@evil.example' }],
    ['an origin without a host', { origin: 'http://sideband.example:8080' }],
  ])('refuses %s', (_, headers) => {
    expect(isSameOrigin(headers)).toBe(false);
  });
});
