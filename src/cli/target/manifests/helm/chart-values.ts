import type { Edit } from '../edits.js';
import { count, resources, type Values, valuesSchema } from '../values-shape.js';
import { yaml } from './template.js';

type Name = keyof Values;

/** Values that a chart must have; the others may be missing. */
const required: readonly Name[] = ['namespace', 'host', 'image', 'store', 'ingress', 'monitoring', 'grafana'];

/** values.yaml: every parameter with what it means and its default, which is what the manifests say. */
export function chartValues(edits: readonly Edit[], values: Values, image: string): string {
  const defaults: Values = {
    namespace: written(edits, 'namespace'),
    host: written(edits, 'host'),
    store: 'postgres',
    ingress: true,
    monitoring: true,
    grafana: true,
    replicas: {},
    resources: {},
    ...values,
    image: values.image ?? image,
  };
  const paragraphs = (Object.keys(valuesSchema.properties) as Name[]).map((name) => {
    const { description } = valuesSchema.properties[name];
    const value = defaults[name];
    const line = value === undefined ? `# ${name}: ` : yaml({ [name]: value });
    const example = examples[name] === undefined ? '' : `, e.g. ${examples[name]}`;
    return `# ${description}${example}\n${line}\n`;
  });
  return paragraphs.join('\n');
}

const examples: Partial<Record<Name, string>> = {
  replicas: '3, or {auth: 3}',
  resources: '{auth: {limits: {memory: 512Mi}}}',
  ingressClass: 'nginx',
};

/** What the manifests say where a value is not given; the schema wants some host even where no Ingress has one. */
function written(edits: readonly Edit[], name: 'namespace' | 'host'): string {
  for (const { to } of edits) if (to.kind === 'value' && to.name === name && to.or !== undefined) return to.or;
  return name === 'host' ? 'localhost' : 'default';
}

/** values.schema.json: the schema of `--set`, narrowed to the services that the chart has. */
export function chartSchema(names: { replicas: string[]; resources: string[] }): object {
  const each = (services: string[], schema: object) => ({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(services.map((service) => [service, schema])),
  });
  const { replicas, resources: perService } = valuesSchema.properties;
  return {
    ...valuesSchema,
    // What Helm reads.
    $schema: 'http://json-schema.org/draft-07/schema#',
    properties: {
      ...valuesSchema.properties,
      replicas: { description: replicas.description, anyOf: [count.schema, each(names.replicas, count.schema)] },
      resources: { description: perService.description, ...each(names.resources, resources.schema) },
    },
    required,
  };
}
