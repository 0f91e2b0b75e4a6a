import { ConfigError, readConfig } from './config.js';
import { createLog } from './log.js';
import { keepsData, platform, serviceNames } from './platform.js';
import { startServer } from './server.js';
import { migrateStores } from './store/open.js';

const usage = `Usage: main.js serve SERVICE...       run services in this process (or name them in SERVICES)
       main.js migrate [SERVICE...]   bring the schema of these (or all) services up to date, then exit\n`;

const migrateTimeoutMs = 60_000;
const [command, ...names] = process.argv.slice(2);
try {
  if (command === 'serve') await serve(names);
  else if (command === 'migrate') await migrate(names);
  else {
    process.stderr.write(usage);
    process.exitCode = 2;
  }
} catch (error) {
  if (error instanceof ConfigError)
    process.stderr.write(`${error.problems.map((line) => `error: ${line}`).join('\n')}\n`);
  else process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}

async function serve(services: string[]): Promise<void> {
  const config = readConfig(services);
  const log = createLog(config.logLevel, config.services);
  const server = await startServer(config, log);
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    // A drain that hangs must not outlive its deadline: the supervisor would have to kill us.
    setTimeout(() => process.exit(1), config.shutdownTimeoutMs + 2_000).unref();
    server.stop().then(
      () => log.info('stopped'),
      (error) => {
        log.error({ err: error }, 'stopping failed');
        process.exitCode = 1;
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {
    server.reload().catch((error) => log.error({ err: error }, 'reload failed'));
  });
}

async function migrate(named: string[]): Promise<void> {
  const config = readConfig(named.length > 0 ? named : serviceNames.filter(keepsData));
  const log = createLog(config.logLevel, ['migrate']);
  const storing = config.services.map((service) => ({ service, migrations: platform[service].migrations }));
  const names = await migrateStores(config, storing, log, migrateTimeoutMs);
  log.info({ migrations: names }, 'schema is up to date');
}
