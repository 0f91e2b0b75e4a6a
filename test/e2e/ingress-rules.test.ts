// The table of routes that the local gateway is tested with, through the ingress of a cluster: a namespace of its own, an
// echo service in it, and every Ingress of the table.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { differences, objectsOf, type RouteCase, routeGroups, send } from '../target/local/routes/cases.js';
import { podPorts } from '../target/local/routes/echo.js';
import { addon, output, profile, waitUntil, whyNoCluster } from './cluster.js';

const namespace = `hwctl-routes-${process.pid}`;
const image = 'node:24-bookworm-slim';
const echo = readFileSync(fileURLToPath(new URL('../target/local/routes/echo.ts', import.meta.url)), 'utf8');

t.setTimeout(600_000);

function kubectl(argv: string[], input?: string): string {
  const done = spawnSync('kubectl', ['--context', profile, ...argv], { encoding: 'utf8', input, timeout: 120_000 });
  if (done.status !== 0) throw new Error(`kubectl ${argv.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

const apply = (items: object[]) =>
  kubectl(['apply', '-n', namespace, '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));

/** One pod that answers for all Services of the table. */
function echoObjects(): object[] {
  const labels = { app: 'echo' };
  const meta = { metadata: { name: 'echo', labels } };
  const container = {
    name: 'echo',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', '/echo/echo.ts', 'serve'],
    volumeMounts: [{ name: 'echo', mountPath: '/echo' }],
    readinessProbe: { tcpSocket: { port: podPorts.auth }, periodSeconds: 1 },
    resources: { requests: { cpu: '50m', memory: '64Mi' } },
  };
  const pod = { containers: [container], volumes: [{ name: 'echo', configMap: { name: 'echo' } }] };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', ...meta, data: { 'echo.ts': echo } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      ...meta,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
    },
    ...Object.entries(podPorts).map(([name, port]) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: labels, ports: [{ port, targetPort: port }] },
    })),
  ];
}

t.test('the table of routes, through the ingress of the cluster', { skip: whyNoCluster() }, async (t) => {
  const addons = JSON.parse(output('minikube', '-p', profile, 'addons', 'list', '-o', 'json'));
  if (addons.ingress?.Status !== 'enabled') {
    addon('enable', 'ingress');
    t.teardown(() => addon('disable', 'ingress'));
  }
  if (!output('minikube', '-p', profile, 'image', 'ls').includes(image)) {
    output('minikube', '-p', profile, 'image', 'load', image);
    t.teardown(() => output('minikube', '-p', profile, 'image', 'rm', image));
  }
  kubectl(['create', 'namespace', namespace]);
  t.teardown(() => kubectl(['delete', 'namespace', namespace, '--timeout=100s']));
  apply(echoObjects());
  kubectl(['rollout', 'status', '-n', namespace, 'deployment/echo', '--timeout=100s']);
  const at = { host: output('minikube', '-p', profile, 'ip').trim(), port: 80 };
  let nobody = '';
  await waitUntil('the controller answers', async () => {
    nobody = (await send(at, routeGroups[0]!, { ask: '/', host: 'nobody.test' })).body;
    return true;
  });
  // Where nginx does not answer itself, the controller is a stand-in for it: where that differs, the table says how.
  const isStandIn = !nobody.includes('nginx');
  const groups = routeGroups.filter(({ notOnStandIn }) => !isStandIn || notOnStandIn === undefined);
  const why = ({ notOnStandIn }: RouteCase) => (isStandIn && notOnStandIn !== undefined ? notOnStandIn : false);
  // The webhook of a controller that was just enabled may not answer yet.
  await waitUntil('the Ingress objects are taken', async () =>
    Boolean(apply(groups.flatMap((group) => objectsOf(group, namespace)))),
  );
  const last = groups.at(-1)!;
  await waitUntil('the controller routes', async () => (await send(at, last, { ask: '/x' })).status === 200);
  for (const { name, notOnStandIn } of routeGroups) {
    if (isStandIn && notOnStandIn !== undefined) t.pass(name, { skip: notOnStandIn });
  }
  for (const group of groups) {
    await t.test(group.name, async (t) => {
      for (const one of group.cases) {
        const name = `${one.host ?? group.ingresses[0]?.host}: ${one.ask}`;
        const skip = why(one);
        if (skip !== false) {
          t.pass(name, { skip });
          continue;
        }
        const found = await send(at, group, one).then(
          (answer) => differences(one, answer, namespace),
          (error: Error) => [error.message],
        );
        t.same(found, [], name);
      }
    });
  }
});
