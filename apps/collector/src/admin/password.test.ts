import { randomBytes } from 'node:crypto';
import { isSidebandError } from '@sideband/shared/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generatePassword, hashPassword, verifyPassword } from './password.ts';

describe('password', () => {
  it('knows its own hash again and refuses everything else', async () => {
    const stored = await hashPassword('correct horse', randomBytes(16));

    expect(await verifyPassword('correct horse', stored)).toBe(true);
    expect(await verifyPassword('correct horse ', stored)).toBe(false);
    expect(await verifyPassword('', stored)).toBe(false);
  });

  it('does not hold the password in the hash, and salts it', async () => {
    const [one, other] = await Promise.all([
      hashPassword('correct horse', randomBytes(16)),
      hashPassword('correct horse', randomBytes(16)),
    ]);

    expect(one).not.toContain('correct');
    expect(one).not.toBe(other);
  });

  it.each(['', 'plain', 's1$short$short', 's2$AAAAAAAAAAAAAAAAAAAAAA$x'])(
    'says that %j is no hash instead of refusing every password',
    async (stored) => {
      const outcome = await verifyPassword('x', stored).catch((error: unknown) => error);

      expect(isSidebandError(outcome, 'CONFIG_INVALID')).toBe(true);
    },
  );

  it('generates five readable groups from any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
        expect(generatePassword(() => bytes)).toMatch(/^[2-9a-km-z]{4}(-[2-9a-km-z]{4}){4}$/);
      }),
    );
    expect(generatePassword(randomBytes)).not.toBe(generatePassword(randomBytes));
  });
});
