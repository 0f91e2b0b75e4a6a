import type { KubeObject } from '../manifests/kube-object.js';
import { type Fields, fieldsOf, isMap, mapsOf } from './fields.js';

/** The annotation that named the class before there was a field for it. */
export const classAnnotation = 'kubernetes.io/ingress.class';

/** An Ingress of v1beta1 as one of v1: backends, path types, the class; what is of v1 already stays as it is. */
export function convertIngress(object: KubeObject): void {
  const spec = fieldsOf(object.spec);
  if (spec.backend !== undefined) {
    spec.defaultBackend ??= backendOf(spec.backend);
    delete spec.backend;
  }
  for (const rule of mapsOf(spec.rules)) {
    for (const path of mapsOf(fieldsOf(rule.http).paths)) {
      // What v1beta1 took it for where it was not said.
      path.pathType ??= 'ImplementationSpecific';
      path.backend = backendOf(path.backend);
    }
  }
  moveClass(object);
}

/** Moves the class from the annotation to the field; the two together are refused. */
export function moveClass(object: KubeObject): void {
  const { annotations } = object.metadata;
  const named = annotations?.[classAnnotation];
  if (annotations === undefined || named === undefined || !isMap(object.spec)) return;
  object.spec.ingressClassName ??= named;
  delete annotations[classAnnotation];
  if (Object.keys(annotations).length === 0) delete object.metadata.annotations;
}

function backendOf(backend: unknown): unknown {
  if (!isMap(backend) || (backend.serviceName === undefined && backend.servicePort === undefined)) return backend;
  const { serviceName, servicePort, ...rest } = backend;
  return { ...rest, service: { name: serviceName, port: portOf(servicePort) } };
}

function portOf(port: unknown): Fields {
  if (typeof port === 'number') return { number: port };
  return /^\d+$/.test(String(port)) ? { number: Number(port) } : { name: port };
}
