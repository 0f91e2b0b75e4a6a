import { configAnnotation, configOf, jobHashLength } from '../derived-fields.js';
import { conditionsOf, type Edit, editsOf, namesIn, type ObjectCondition } from '../edits.js';
import { generatedKeys, isWorkload, type KubeObject } from '../kube-object.js';
import type { StackObject } from '../stack-object.js';
import type { Values } from '../values-shape.js';
import { chartSchema, chartValues } from './chart-values.js';
import { goString, helpersOf } from './print-expression.js';
import { literal, type Slot, slotsOf, templateOf, yaml } from './template.js';

export interface ChartRequest {
  /** Name of the stack, and of the chart. */
  name: string;
  /** What the stack is for, in one line. */
  description: string;
  /** Version of hwctl. */
  version: string;
  /** Every object of the stack and its monitoring, unedited. */
  entries: readonly StackObject[];
  /** Defaults that differ from the manifests'. */
  values: Values;
  /** The server's image where the values name none. */
  image: string;
}

/** What a chart is made with. */
interface Chart {
  name: string;
  entries: readonly StackObject[];
  edits: readonly Edit[];
}

/**
 * A Helm chart of one stack: file names and texts. The templates are the manifests with an action at every field that
 * values decide, so `helm template` gives the objects of `hwctl render` (https://helm.sh/docs/topics/charts/).
 */
export function chartOf({ name, description, version, entries, values, image }: ChartRequest): Record<string, string> {
  const chart: Chart = { name, entries, edits: editsOf(entries) };
  const names = namesIn(entries.filter(({ part }) => part === 'application').map(({ object }) => object));
  const files: Record<string, string> = {
    'Chart.yaml': `${yaml({ apiVersion: 'v2', name, description, type: 'application', version, appVersion: version })}\n`,
    'values.yaml': chartValues(chart.edits, values, image),
    'values.schema.json': `${JSON.stringify(chartSchema(names), null, 2)}\n`,
    'templates/_helpers.tpl': helpersOf(name) + sharedTexts(chart),
    'templates/NOTES.txt': notes(name),
  };
  for (const entry of entries) files[`templates/${fileOf(entry)}.yaml`] = templateFile(entry, chart);
  return files;
}

function fileOf({ object, part }: StackObject): string {
  const name = `${object.kind.toLowerCase()}-${object.metadata.name}`.replaceAll(/[^a-z0-9.-]/g, '-');
  return part === 'monitoring' ? `monitoring-${name}` : name;
}

/** Name of a text that a template includes and hashes. */
function textName(chart: Chart, object: KubeObject): string {
  return `${chart.name}.${object.kind.toLowerCase()}-${object.metadata.name}`;
}

/** Texts that are used and hashed: what the environment of pods comes from, and the specs of Jobs. */
function sharedTexts(chart: Chart): string {
  return chart.entries
    .flatMap(({ object }) => {
      if (object.kind === 'Job') {
        const slots = slotsIn(object, chart).filter(({ path }) => path[0] === 'spec');
        const inner = slots.map((slot) => ({ ...slot, path: slot.path.slice(1) }));
        return [define(chart, object, templateOf(object.spec as object, inner, chart.name))];
      }
      return isHashed(object, chart)
        ? [define(chart, object, templateOf(object, slotsOf(object, chart.edits), chart.name))]
        : [];
    })
    .join('');
}

function define(chart: Chart, object: KubeObject, text: string): string {
  return `\n{{- define "${textName(chart, object)}" -}}\n${text}\n{{- end -}}\n`;
}

function isHashed(object: KubeObject, { entries }: Chart): boolean {
  const all = entries.map((entry) => entry.object);
  return all.some((other) => isWorkload(other) && configOf(other, all).includes(object));
}

/** What values decide, and the hash of the configuration that the pods read at their start. */
function slotsIn(object: KubeObject, chart: Chart): Slot[] {
  const slots = [...slotsOf(object, chart.edits), ...claimSlots(object)];
  if (!isWorkload(object)) return slots;
  const config = configOf(
    object,
    chart.entries.map((entry) => entry.object),
  );
  if (config.length === 0) return slots;
  const texts = config.map((one) => `(include "${textName(chart, one)}" . | fromYaml)`);
  const text = `{{ list ${texts.join(' ')} | toRawJson | sha256sum | trunc 16 | quote }}`;
  const path = ['spec', 'template', 'metadata', 'annotations', configAnnotation];
  return [...slots, { path, to: { kind: 'text', text } }];
}

/**
 * Claims go with the namespace that the chart made. In the release's own namespace they would outlive the Secret that
 * opens their data, so there they go with their StatefulSet.
 */
function claimSlots(object: KubeObject): Slot[] {
  if (object.kind !== 'StatefulSet') return [];
  const spec = object.spec as { persistentVolumeClaimRetentionPolicy?: { whenDeleted?: string } };
  const kept = spec.persistentVolumeClaimRetentionPolicy?.whenDeleted ?? 'Retain';
  const text = `{{ if eq .Release.Namespace .Values.namespace }}Delete{{ else }}${kept}{{ end }}`;
  return [{ path: ['spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted'], to: { kind: 'text', text } }];
}

function templateFile(entry: StackObject, chart: Chart): string {
  const body = bodyOf(entry.object, chart);
  const conditions = conditionsOf(entry).map((condition) => conditionTexts[condition]);
  // A namespace that the release is installed into is there already, and is not the chart's to make or remove.
  if (entry.object.kind === 'Namespace') conditions.push(`ne .Release.Namespace ${namespaceText(entry, chart)}`);
  if (conditions.length === 0) return `${body}\n`;
  const test = conditions.length === 1 ? conditions[0] : `and ${conditions.map((text) => `(${text})`).join(' ')}`;
  return `{{- if ${test} }}\n${body}\n{{- end }}\n`;
}

const conditionTexts: Record<ObjectCondition, string> = {
  ingress: '.Values.ingress',
  monitoring: '.Values.monitoring',
  grafana: '.Values.grafana',
  postgres: 'ne .Values.store "sqlite"',
};

function namespaceText({ object, part }: StackObject, chart: Chart): string {
  const edited = chart.edits.some((edit) => edit.object === object);
  return part === 'application' && edited ? '.Values.namespace' : goString(object.metadata.name);
}

function bodyOf(object: KubeObject, chart: Chart): string {
  if (object.kind === 'Job') return jobBody(object, chart);
  const keys = generatedKeys(object);
  const text = isHashed(object, chart)
    ? `{{ include "${textName(chart, object)}" . }}`
    : templateOf(object, slotsIn(object, chart), chart.name);
  if (keys.length === 0) return text;
  if (object.data !== undefined) throw new Error(`Secret ${object.metadata.name} has both written and generated data`);
  const namespace = chart.edits.some((edit) => edit.object === object && edit.path[1] === 'namespace')
    ? '.Values.namespace'
    : goString(object.metadata.namespace ?? 'default');
  const lines = keys.map((key) => {
    const where = `"namespace" ${namespace} "name" ${goString(object.metadata.name)} "key" ${goString(key)}`;
    return `  ${key}: {{ include "${chart.name}.generated" (dict ${where}) | quote }}`;
  });
  return [text, 'data:', ...lines].join('\n');
}

/** A Job's template cannot be changed, so its name holds the hash of its spec, as it does after `hwctl up`. */
function jobBody(object: KubeObject, chart: Chart): string {
  const { spec: _, ...head } = object;
  const spec = `include "${textName(chart, object)}" .`;
  const text = `${object.metadata.name}-{{ ${spec} | fromYaml | toRawJson | sha256sum | trunc ${jobHashLength} }}`;
  const slots = slotsOf(object, chart.edits).filter(({ path }) => path[0] !== 'spec');
  const top = templateOf(head, [...slots, { path: ['metadata', 'name'], to: { kind: 'text', text } }], chart.name);
  return `${top}\nspec:\n{{ ${spec} | indent 2 }}`;
}

function notes(name: string): string {
  return `The stack ${literal(name)} answers on http://{{ .Values.host }} once its pods are ready:
  kubectl -n {{ .Values.namespace }} get pods
The image {{ .Values.image }} must be in the cluster, or where its nodes can pull it.
Stacks share objects: a second one in the same cluster wants a namespace of its own, and monitoring=false.
`;
}
