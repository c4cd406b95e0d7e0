import type { FastifyInstance } from 'fastify';

const LOOK_EVERY_MS = 50;
/** A handler takes 5 s at most: Redis's time-out. Who is still connected then has not sent a whole request. */
const PATIENCE_MS = 6_000;

/**
 * Closes the server once its requests are answered. Node closes the connections that are idle at that moment; one
 * that becomes idle a moment later would be waited for until its sender lets go of it, 65 s at most.
 */
export async function closeServer(app: FastifyInstance, patienceMs = PATIENCE_MS): Promise<void> {
  const look = setInterval(() => app.server.closeIdleConnections(), LOOK_EVERY_MS);
  const lastCall = setTimeout(() => app.server.closeAllConnections(), patienceMs);
  try {
    await app.close();
  } finally {
    clearInterval(look);
    clearTimeout(lastCall);
  }
}
