/** HTTP: the contract, the routes, the problems. */
export * from './contract.ts';
export type { ServerLog } from './problems.ts';
export { closeServer, createServer, listen, openApiDocument, type ServerOptions } from './server.ts';
