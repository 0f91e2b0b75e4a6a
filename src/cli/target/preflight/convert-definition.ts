import type { KubeObject } from '../manifests/kube-object.js';
import { type Fields, fieldsOf, isMap, mapsOf } from './fields.js';

/** What stood once for all versions in v1beta1, and stands in each of them in v1. */
const perVersion = ['subresources', 'additionalPrinterColumns'] as const;

/** A CustomResourceDefinition of v1beta1 as one of v1. A schema that v1 would refuse becomes one that takes every field. */
export function convertDefinition(object: KubeObject): void {
  const spec = fieldsOf(object.spec);
  if (spec.versions === undefined && typeof spec.version === 'string')
    spec.versions = [{ name: spec.version, served: true, storage: true }];
  spec.scope ??= 'Namespaced';
  const schema = fieldsOf(spec.validation).openAPIV3Schema;
  for (const version of mapsOf(spec.versions)) {
    const own = fieldsOf(version.schema).openAPIV3Schema ?? schema;
    version.schema = { openAPIV3Schema: soundSchema(own, spec.preserveUnknownFields !== false) };
    for (const field of perVersion) if (spec[field] !== undefined) version[field] ??= structuredClone(spec[field]);
    for (const column of mapsOf(version.additionalPrinterColumns)) {
      if (column.JSONPath !== undefined) column.jsonPath = column.JSONPath;
      delete column.JSONPath;
    }
  }
  for (const field of ['version', 'validation', 'preserveUnknownFields', ...perVersion]) delete spec[field];
  const conversion = fieldsOf(spec.conversion);
  if (conversion.webhookClientConfig !== undefined) {
    const { webhookClientConfig: clientConfig, conversionReviewVersions = ['v1beta1'], ...rest } = conversion;
    spec.conversion = { ...rest, webhook: { clientConfig, conversionReviewVersions } };
  }
}

/** A schema that takes whatever comes. */
export const anySchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const;

function soundSchema(schema: unknown, keepsUnknown: boolean): Fields {
  if (!isMap(schema)) return { ...anySchema };
  const root: Fields = {
    ...schema,
    type: 'object',
    ...(keepsUnknown && { 'x-kubernetes-preserve-unknown-fields': true }),
  };
  return isStructural(root) ? root : { ...anySchema };
}

/** Whether each part of a schema says its type, as v1 wants it. */
function isStructural(schema: unknown): boolean {
  if (!isMap(schema)) return false;
  const isFree =
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema.type === undefined && !isFree) return false;
  if (schema.type === 'array' && !isStructural(schema.items)) return false;
  if (isMap(schema.additionalProperties) && !isStructural(schema.additionalProperties)) return false;
  return Object.values(fieldsOf(schema.properties)).every(isStructural);
}
