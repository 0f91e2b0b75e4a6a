import { isMap, isScalar } from 'yaml';
import { type JsonSchema, jsonSchema } from '../../document/json-schema.js';
import { type FieldValues, field, plainObject } from '../../document/object-shape.js';
import { boolean, choose, integer, matching, number, record, type Shape, word } from '../../document/shape.js';

/** Amounts of resources by name; a bare number is one without a unit. */
export type Amounts = Record<string, string | number>;

const quantity = choose<string | number>(
  [(node) => isScalar(node) && typeof node.value === 'number', number({ min: 0 })],
  [() => true, matching(/^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi)?$/, 'an amount such as 250m, 1 or 512Mi', 20)],
);
const amounts: Shape<Amounts> = plainObject('amounts', {
  cpu: field(quantity, 'Cores: 250m, 1'),
  memory: field(quantity, 'Bytes: 512Mi'),
  'ephemeral-storage': field(quantity, 'Bytes: 1Gi'),
});
const label = (maxLength: number) =>
  matching(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'a name of small letters, digits and - between them', maxLength);

/** How many of a service. */
export const count = integer(0, 100);

/** Resources of one service. */
export const resources = plainObject('resources', {
  requests: field(amounts, 'What it is given at least'),
  limits: field(amounts, 'What it is given at most'),
});

const fields = {
  namespace: field(label(63), 'Namespace of the application'),
  host: field(
    matching(
      /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
      'a host name in small letters',
      253,
    ),
    'Host name that the Ingress objects answer on',
  ),
  image: field(
    matching(/^[a-z0-9][a-z0-9._/:@-]*$/, 'the name of an image, as in registry.example/name:tag', 255),
    'Image of the bundled server, with its tag or digest',
  ),
  store: field(word('postgres', 'sqlite'), 'Where services keep what they know; sqlite means one replica each'),
  ingress: field(boolean, 'Whether there are Ingress objects'),
  ingressClass: field(label(253), 'Class of the Ingress objects; the default one where absent'),
  monitoring: field(boolean, 'Whether Prometheus and Grafana are part of it'),
  grafana: field(boolean, 'Whether Grafana is part of the monitoring; false is Prometheus alone'),
  replicas: field(
    choose<number | Record<string, number>>([isMap, record(count)], [() => true, count]),
    'Replicas of every service, or of some by name',
  ),
  resources: field(record(resources), 'Requests and limits by service'),
};

/** What `--set` and `--values` may edit, and the parameters of the charts; all optional. */
export type Values = FieldValues<typeof fields>;

/** The values that a file or a `--set` gives. */
export const valuesShape: Shape<Values> = plainObject('the values', fields);

/** The format as JSON Schema, for editors and charts: schemas/values.schema.json is this. */
export const valuesSchema = jsonSchema('hwctl values', valuesShape.schema) as JsonSchema & {
  properties: Record<keyof Values, JsonSchema & { description: string }>;
};
