import { buildDigest } from './bundled-inputs.js';
import type { LocalEntry, LocalRequest, LocalSource } from './local/project.js';
import { applyValues } from './manifests/edits.js';
import {
  imageBaseName,
  isWorkload,
  type KubeObject,
  refOf,
  serverImageName,
  storeLabel,
} from './manifests/kube-object.js';
import { readObjects } from './manifests/manifests.js';

/** Variables of the server that mean this machine, whatever its manifests say of a cluster. */
const environment = {
  HOST: '127.0.0.1',
  PORT: '{port}',
  // Here every process is alone on its store, nobody but this machine may reach it, and the gateway is the one proxy: not
  // known by its address, which is everybody's here, but by what it shows.
  STORE: 'sqlite',
  TRUSTED_PROXIES: '1',
  TRUSTED_PROXY_NETWORKS: '',
};

/**
 * The bundled platform's stacks, or those of a folder made like them, for this machine: no monitoring, SQLite whatever a cluster
 * shall have, and each container of the server's image as the built server. Throws Failure `bad-manifests`, `bad-values` or
 * `no-server-build`.
 */
export function readBundled({ stacks, manifests, values }: LocalRequest, serverEntry: string): LocalSource {
  const all = readObjects({ manifests, stacks, values: { ...values, store: undefined, monitoring: false } });
  const objects = applyValues(all, { store: 'sqlite' });
  const digest = buildDigest(serverEntry);
  const entries = objects.flatMap(({ object }) => entryOf(object, serverEntry, digest) ?? []);
  const left = all.filter(({ object }) => object.metadata.labels?.[storeLabel] === 'postgres');
  return {
    objects,
    entries: new Map(entries),
    leftOut: [
      ...left.map(({ object }) => ({
        ref: refOf(object),
        reason: 'the store here is SQLite, a file for each service',
      })),
      { ref: 'monitoring', reason: 'Prometheus and Grafana need a cluster; every service answers /metrics' },
    ],
    runsPostgres: false,
  };
}

function entryOf(object: KubeObject, serverEntry: string, digest: string): [string, LocalEntry][] | undefined {
  if (!isWorkload(object) || object.kind === 'StatefulSet') return undefined;
  const { containers } = object.spec.template.spec;
  const container = containers.find(({ image }) => imageBaseName(image) === serverImageName);
  if (container === undefined) return undefined;
  const words = [...(container.command ?? []).slice(2), ...(container.args ?? [])];
  const entry: LocalEntry = {
    command: [process.execPath, serverEntry, ...words],
    container: container.name,
    environment,
    paths: { SQLITE_DIR: 'own folder', PRICES_URL: 'left out' },
    gatewayToken: 'TRUSTED_PROXY_TOKEN',
    digest,
    ours: true,
  };
  return [[object.metadata.name, entry]];
}
