import { rmSync } from 'node:fs';
import { systemClock } from '../../../kernel/clock.js';
import { replaceFile } from '../../../kernel/replacement.js';
import { createClient } from '../api/client.js';
import { loadKubeConfig, pinContext } from '../api/kube-context.js';
import { type DaemonOptions, type Forwarded, openForward } from './forward-socket.js';

// The port-forward daemon: started by `startForward` in a session of its own, ended by SIGTERM.
const options = JSON.parse(process.argv[2] ?? '{}') as DaemonOptions;
const config = loadKubeConfig({ KUBECONFIG: options.kubeconfigFiles.join(process.platform === 'win32' ? ';' : ':') });
const client = createClient(pinContext(config, options.context, options.allowContext), systemClock);
const forwards: Forwarded[] = [];
for (const target of options.targets) {
  const { address } = options;
  const { url } = await openForward(client, target, address);
  forwards.push({ ...target, url, address });
}
replaceFile(options.report, JSON.stringify(forwards), { mode: 0o600 });
process.on('SIGTERM', () => {
  rmSync(options.report, { force: true });
  process.exit(0);
});
