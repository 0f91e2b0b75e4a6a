import { parseAllDocuments } from 'yaml';
import type { PostgresHere } from '../../../../src/cli/target/local/plan/postgres.js';
import { readTopology, type Topology } from '../../../../src/cli/target/local/plan/topology.js';
import type { LocalEntry } from '../../../../src/cli/target/local/project.js';
import type { KubeObject } from '../../../../src/cli/target/manifests/kube-object.js';

export const here: PostgresHere = { bin: '/pg/bin', folder: '/vol/.postgres' };

/** What objects mean on this machine, each workload that is named run by its command (a word a space). */
export function topologyOf(
  yaml: string | KubeObject[],
  commands: Record<string, string | Partial<LocalEntry>> = {},
  postgres: PostgresHere | string = here,
): Topology {
  const objects =
    typeof yaml === 'string'
      ? parseAllDocuments(yaml).flatMap((document) => (document.toJSON() as KubeObject | null) ?? [])
      : yaml;
  const entries = Object.entries(commands).map(([name, of]): [string, LocalEntry] => [
    name,
    typeof of === 'string' ? { command: of.split(' ') } : { command: ['run'], ...of },
  ]);
  return readTopology(
    {
      objects: objects.map((object) => ({ object, stacks: ['x'], part: 'application' })),
      entries: new Map(entries),
      leftOut: [],
      runsPostgres: true,
    },
    { volumes: '/vol', secret: (id) => `made:${id}`, postgres },
  );
}

/** A Deployment of one container with fields of its own. */
export function deployment(name: string, container: object = {}, pod: object = {}): string {
  return workload('Deployment', name, container, pod);
}

export function workload(
  kind: string,
  name: string,
  container: object = {},
  pod: object = {},
  annotations: object = {},
): string {
  const labels = { app: name };
  const spec = { containers: [{ name, image: `${name}:1`, ...container }], ...pod };
  const metadata = { name, annotations };
  if (kind === 'Pod') return json({ apiVersion: 'v1', kind, metadata: { ...metadata, labels }, spec });
  const template = { metadata: { labels }, spec };
  return json({ apiVersion: 'apps/v1', kind, metadata, spec: { selector: { matchLabels: labels }, template } });
}

export function service(name: string, ports: object[] = [{ port: 8080 }], more: object = {}): string {
  return json({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports, ...more },
  });
}

export function config(kind: 'ConfigMap' | 'Secret', name: string, data: Record<string, string>): string {
  return json({ apiVersion: 'v1', kind, metadata: { name }, [kind === 'Secret' ? 'stringData' : 'data']: data });
}

function json(object: object): string {
  return `${JSON.stringify(object)}\n---\n`;
}
