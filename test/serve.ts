/**
 * The server process that these tests start and kill: a platform with its HTTP server as `shelfwise up` makes it, with
 * options that the command line does not offer. Prints where it listens as a line of JSON; what it logs goes to standard error.
 */
import { openPlatform, type Platform, type PlatformOptions } from '../src/platform/index.ts';
import { createServer, listen } from '../src/server/index.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as Partial<PlatformOptions> & { readonly dataDir: string };

function logLine(level: string): (details: object, message: string) => void {
  return (details, message) => {
    const plain = JSON.stringify(details, (_key, value: unknown) => (value instanceof Error ? value.stack : value));
    process.stderr.write(`${level} ${message} ${plain}\n`);
  };
}

const logger = { info: logLine('info'), warn: logLine('warn'), error: logLine('error') };
const platform: Platform = await openPlatform({ ...options, logger });
const app = await createServer({ platform, keys: (secret) => platform.verifyKey(secret), logger });
const address = await listen(app, { port: 0, madeKeys: 0 });
platform.setAddress(address);
process.once('SIGTERM', async () => {
  await app.close();
  await platform.close();
});
process.stdout.write(`${JSON.stringify({ address, key: platform.adminKey, pid: process.pid })}\n`);
