import { connectRedis, redisReady } from '@sideband/shared/redis';
import Fastify from 'fastify';
import { bareRoute } from './bare-route.ts';
import { sidebandRoute } from './sideband-route.ts';

/* A server with one of the routes, as a process of its own: `server.ts bare|sideband REDIS_URL PORT`. */
const [kind, redisUrl = '', port] = process.argv.slice(2);
const redis = connectRedis(redisUrl, 'request');
await redisReady(redis);
const app = Fastify();
app.get('/health', async () => ({ status: 'ok' }));
await app.register(kind === 'bare' ? bareRoute(redis) : sidebandRoute(redis));
await app.listen({ host: '127.0.0.1', port: Number(port) });
process.once('SIGTERM', () => process.exit());
