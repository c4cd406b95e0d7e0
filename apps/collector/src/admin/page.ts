import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Those beside the source, also when this runs from dist/: the compiler copies no pages. */
const FILES = fileURLToPath(new URL('../../src/admin/static/', import.meta.url));

/** GET / and what it needs, a route for each file: the gate knows them apart. */
export async function pageRoutes(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, {
    root: FILES,
    prefix: '/assets/',
    wildcard: false,
    index: false,
    // Revalidated each time: nothing tells a browser that the program was upgraded.
    maxAge: 0,
  });
  app.get('/', (_request, reply) => reply.sendFile('index.html', { cacheControl: false }));
}
