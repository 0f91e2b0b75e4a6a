import type { KubeObject } from '../manifests/kube-object.js';
import { removedApi } from './built-in-kinds.js';
import { type Fields, fieldsOf, isMap, mapsOf } from './fields.js';

/** A HorizontalPodAutoscaler of v2beta1 or v2beta2 as one of v2; what is of v2 already stays as it is. */
export function convertAutoscaler(object: KubeObject): void {
  const spec = fieldsOf(object.spec);
  const target = fieldsOf(spec.scaleTargetRef);
  if (typeof target.apiVersion === 'string' && typeof target.kind === 'string')
    target.apiVersion = removedApi(target.apiVersion, target.kind)?.replacement ?? target.apiVersion;
  // The field of v1, which v2beta objects that were edited by hand still have.
  if (typeof spec.targetCPUUtilizationPercentage === 'number') {
    const cpu = {
      name: 'cpu',
      target: { type: 'Utilization', averageUtilization: spec.targetCPUUtilizationPercentage },
    };
    spec.metrics = [...mapsOf(spec.metrics), { type: 'Resource', resource: cpu }];
    delete spec.targetCPUUtilizationPercentage;
  }
  for (const metric of mapsOf(spec.metrics)) {
    for (const [source, convert] of Object.entries(sources)) {
      if (isMap(metric[source])) metric[source] = convert(metric[source]);
    }
  }
}

/** By the field of a metric: what it was in v2beta1 becomes what it is in v2. */
const sources: Readonly<Record<string, (source: Fields) => Fields>> = {
  resource: ({ targetAverageUtilization, targetAverageValue, ...rest }) => ({
    ...rest,
    ...targetOf({ averageUtilization: targetAverageUtilization, averageValue: targetAverageValue }),
  }),
  containerResource: ({ targetAverageUtilization, targetAverageValue, ...rest }) => ({
    ...rest,
    ...targetOf({ averageUtilization: targetAverageUtilization, averageValue: targetAverageValue }),
  }),
  pods: ({ metricName, selector, targetAverageValue, ...rest }) => ({
    ...metricOf(metricName, selector),
    ...rest,
    ...targetOf({ averageValue: targetAverageValue }),
  }),
  object: ({ metricName, selector, targetValue, averageValue, target, ...rest }) => ({
    ...metricOf(metricName, selector),
    ...rest,
    // What it describes was its target.
    ...(isMap(target) && target.kind !== undefined ? { describedObject: target } : target !== undefined && { target }),
    ...targetOf({ value: targetValue, averageValue }),
  }),
  external: ({ metricName, metricSelector, targetValue, targetAverageValue, ...rest }) => ({
    ...metricOf(metricName, metricSelector),
    ...rest,
    ...targetOf({ value: targetValue, averageValue: targetAverageValue }),
  }),
};

function metricOf(name: unknown, selector: unknown): Fields {
  if (name === undefined) return {};
  return { metric: { name, ...(selector !== undefined && { selector }) } };
}

const targetTypes = { averageUtilization: 'Utilization', averageValue: 'AverageValue', value: 'Value' } as const;

/** The target of v2, by the one of its values that is given; nothing where none is. */
function targetOf(values: Partial<Record<keyof typeof targetTypes, unknown>>): Fields {
  for (const [field, type] of Object.entries(targetTypes)) {
    const value = values[field as keyof typeof targetTypes];
    if (value !== undefined) return { target: { type, [field]: value } };
  }
  return {};
}
