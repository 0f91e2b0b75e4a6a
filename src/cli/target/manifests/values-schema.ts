const quantity = {
  type: ['string', 'number'],
  minimum: 0,
  pattern: '^[0-9]+(\\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi)?$',
  maxLength: 20,
};
const amounts = {
  type: 'object',
  additionalProperties: false,
  properties: { cpu: quantity, memory: quantity, 'ephemeral-storage': quantity },
};
const label = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 };
const count = { type: 'integer', minimum: 0, maximum: 100 };

/** JSON Schema of the values: what `--set` and `--values` may edit, and the parameters of the charts. */
export const valuesSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'hwctl values',
  type: 'object',
  additionalProperties: false,
  properties: {
    namespace: { ...label, description: 'Namespace of the application' },
    host: {
      type: 'string',
      pattern: '^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      maxLength: 253,
      description: 'Host name that the Ingress objects answer on',
    },
    image: {
      type: 'string',
      pattern: '^[a-z0-9][a-z0-9._/:@-]*$',
      maxLength: 255,
      description: 'Image of the bundled server, with its tag or digest',
    },
    store: {
      enum: ['postgres', 'sqlite'],
      description: 'Where services keep what they know; sqlite means one replica each',
    },
    ingress: { type: 'boolean', description: 'Whether there are Ingress objects' },
    ingressClass: {
      ...label,
      maxLength: 253,
      description: 'Class of the Ingress objects; the default one where absent',
    },
    monitoring: { type: 'boolean', description: 'Whether Prometheus and Grafana are part of it' },
    grafana: { type: 'boolean', description: 'Whether Grafana is part of the monitoring; false is Prometheus alone' },
    replicas: {
      description: 'Replicas of every service, or of some by name',
      oneOf: [count, { type: 'object', additionalProperties: count }],
    },
    resources: {
      description: 'Requests and limits by service',
      type: 'object',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        properties: { requests: amounts, limits: amounts },
      },
    },
  },
} as const;

/** Values as the schema has them; all optional. */
export type Values = {
  namespace?: string;
  host?: string;
  image?: string;
  store?: 'postgres' | 'sqlite';
  ingress?: boolean;
  ingressClass?: string;
  monitoring?: boolean;
  grafana?: boolean;
  replicas?: number | Record<string, number>;
  resources?: Record<string, { requests?: Amounts; limits?: Amounts }>;
};

/** Amounts of resources by name; a bare number is one without a unit. */
export type Amounts = Record<string, string | number>;
