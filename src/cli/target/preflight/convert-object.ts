import type { KubeObject } from '../manifests/kube-object.js';
import { builtInApi } from './built-in-kinds.js';
import { convertAutoscaler } from './convert-autoscaler.js';
import { convertDefinition } from './convert-definition.js';
import { convertIngress } from './convert-ingress.js';
import { at, type Fields, fieldsOf, mapsOf } from './fields.js';

/**
 * Makes of an object, whatever API version it was written for, one of the version that is served today, in place. The fields
 * that changed between them are recognised by their shape, so that an object of a version that never was is mended, too.
 */
export function convertObject(object: KubeObject): void {
  object.apiVersion = builtInApi(object.kind) ?? object.apiVersion;
  conversions[object.kind]?.(object);
}

const conversions: Readonly<Record<string, (object: KubeObject) => void>> = {
  Ingress: convertIngress,
  HorizontalPodAutoscaler: convertAutoscaler,
  CustomResourceDefinition: convertDefinition,
  Deployment: convertWorkload,
  DaemonSet: convertWorkload,
  ReplicaSet: convertWorkload,
  StatefulSet: convertWorkload,
  MutatingWebhookConfiguration: convertWebhooks,
  ValidatingWebhookConfiguration: convertWebhooks,
  RoleBinding: convertBinding,
  ClusterRoleBinding: convertBinding,
  PriorityLevelConfiguration: convertPriorityLevel,
};

/** The selector was the template's labels where none was given, and a rollback is no field any more. */
function convertWorkload(object: KubeObject): void {
  const spec = fieldsOf(object.spec);
  delete spec.rollbackTo;
  delete spec.templateGeneration;
  addSelector(object);
}

/** Gives a workload without a selector that of its template's labels, and labels to a template without any. */
export function addSelector(object: KubeObject): void {
  const spec = fieldsOf(object.spec);
  const template = fieldsOf(spec.template);
  if (Object.keys(fieldsOf(spec.selector)).length > 0 || spec.template === undefined) return;
  let labels = fieldsOf(at(template, 'metadata', 'labels'));
  if (Object.keys(labels).length === 0) {
    labels = { app: object.metadata.name };
    template.metadata = { ...fieldsOf(template.metadata), labels };
  }
  spec.selector = { matchLabels: { ...labels } };
}

/** What was the default of v1beta1 is said, since v1 has another (admissionregistration). */
function convertWebhooks(object: KubeObject): void {
  const before = {
    failurePolicy: 'Ignore',
    matchPolicy: 'Exact',
    timeoutSeconds: 30,
    admissionReviewVersions: ['v1beta1'],
  };
  for (const webhook of mapsOf(object.webhooks)) {
    for (const [field, value] of Object.entries(before)) webhook[field] ??= structuredClone(value);
    if (webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun') webhook.sideEffects = 'None';
  }
}

/** Subjects were told by their apiVersion in v1alpha1. */
function convertBinding(object: KubeObject): void {
  for (const subject of mapsOf(object.subjects)) {
    if (subject.apiVersion === undefined) continue;
    delete subject.apiVersion;
    if (subject.kind !== 'ServiceAccount') subject.apiGroup ??= 'rbac.authorization.k8s.io';
  }
}

function convertPriorityLevel(object: KubeObject): void {
  const limited = fieldsOf(at(object, 'spec', 'limited'));
  move(limited, 'assuredConcurrencyShares', 'nominalConcurrencyShares');
}

/** Gives a field another name where it is there. */
function move(fields: Fields, from: string, to: string): void {
  if (fields[from] === undefined) return;
  fields[to] ??= fields[from];
  delete fields[from];
}
