import type { KubeObject } from '../manifests/kube-object.js';
import { anySchema } from './convert-definition.js';

/** The kinds of the Prometheus Operator that hwctl reads by itself: plural and versions, the stored one first. */
const monitoringKinds: Readonly<Record<string, { plural: string; versions: readonly string[] }>> = {
  ServiceMonitor: { plural: 'servicemonitors', versions: ['v1'] },
  PodMonitor: { plural: 'podmonitors', versions: ['v1'] },
  Probe: { plural: 'probes', versions: ['v1'] },
  PrometheusRule: { plural: 'prometheusrules', versions: ['v1'] },
  AlertmanagerConfig: { plural: 'alertmanagerconfigs', versions: ['v1alpha1', 'v1beta1'] },
  ScrapeConfig: { plural: 'scrapeconfigs', versions: ['v1alpha1'] },
};

const group = 'monitoring.coreos.com';

/** Whether hwctl puts the definition of this kind in place where the cluster has none. */
export function isMonitoringKind({ apiVersion, kind }: { apiVersion: string; kind: string }): boolean {
  const known = Object.hasOwn(monitoringKinds, kind) ? monitoringKinds[kind] : undefined;
  return known?.versions.some((version) => apiVersion === `${group}/${version}`) ?? false;
}

/**
 * Definitions of the monitoring kinds among `kinds`, for a cluster without the Prometheus Operator: they take every field, so
 * that objects written for any release of the operator are carried unharmed.
 */
export function monitoringCrds(kinds: Iterable<string> = Object.keys(monitoringKinds)): KubeObject[] {
  return [...new Set(kinds)].flatMap((kind) => {
    const known = Object.hasOwn(monitoringKinds, kind) ? monitoringKinds[kind] : undefined;
    return known === undefined ? [] : [definition(kind, known)];
  });
}

function definition(kind: string, { plural, versions }: { plural: string; versions: readonly string[] }): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: versions.map((name, i) => ({
        name,
        served: true,
        storage: i === 0,
        schema: { openAPIV3Schema: { ...anySchema } },
      })),
    },
  };
}
