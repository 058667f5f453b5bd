/** HTTP: the contract, the routes, the problems. */
export { isLoopback, type KeyCheck } from './access.ts';
export * from './contract.ts';
export type { ServerLog } from './problems.ts';
export { createServer, type ListenOptions, listen, openApiDocument, type ServerOptions } from './server.ts';
