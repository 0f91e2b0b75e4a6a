import type { ManifestShape } from './shape.js';

const keyRef: ManifestShape = { name: 'string', key: 'string', 'optional?': 'boolean' };

const probe: ManifestShape = {
  'httpGet?': { 'path?': 'string', port: 'port', 'scheme?': 'string', 'host?': 'string', 'httpHeaders?': 'any' },
  'exec?': 'any',
  'tcpSocket?': 'any',
  'grpc?': 'any',
  'initialDelaySeconds?': 'integer',
  'periodSeconds?': 'integer',
  'timeoutSeconds?': 'integer',
  'failureThreshold?': 'integer',
  'successThreshold?': 'integer',
  'terminationGracePeriodSeconds?': 'integer',
};

const container: ManifestShape = {
  name: 'string',
  image: 'string',
  'imagePullPolicy?': 'string',
  'command?': ['string'],
  'args?': ['string'],
  'workingDir?': 'string',
  'env?': [
    {
      name: 'string',
      'value?': 'string',
      'valueFrom?': {
        'configMapKeyRef?': keyRef,
        'secretKeyRef?': keyRef,
        'fieldRef?': 'any',
        'resourceFieldRef?': 'any',
      },
    },
  ],
  'envFrom?': [
    {
      'prefix?': 'string',
      'configMapRef?': { name: 'string', 'optional?': 'boolean' },
      'secretRef?': { name: 'string', 'optional?': 'boolean' },
    },
  ],
  'ports?': [{ 'name?': 'string', containerPort: 'integer', 'protocol?': 'string', 'hostPort?': 'integer' }],
  'volumeMounts?': [
    {
      name: 'string',
      mountPath: 'string',
      'subPath?': 'string',
      'readOnly?': 'boolean',
      'mountPropagation?': 'string',
    },
  ],
  'volumeDevices?': 'any',
  'startupProbe?': probe,
  'readinessProbe?': probe,
  'livenessProbe?': probe,
  'lifecycle?': 'any',
  'resources?': { 'requests?': 'any', 'limits?': 'any', 'claims?': 'any' },
  'resizePolicy?': 'any',
  'restartPolicy?': 'string',
  'securityContext?': 'any',
  'stdin?': 'boolean',
  'stdinOnce?': 'boolean',
  'tty?': 'boolean',
  'terminationMessagePath?': 'string',
  'terminationMessagePolicy?': 'string',
};

const keyToPath: ManifestShape = { key: 'string', path: 'string', 'mode?': 'integer' };

const podTemplate: ManifestShape = {
  'metadata?': 'any',
  spec: {
    containers: [container],
    'initContainers?': [container],
    'volumes?': [
      {
        name: 'string',
        'configMap?': {
          name: 'string',
          'items?': [keyToPath],
          'optional?': 'boolean',
          'defaultMode?': 'integer',
        },
        'secret?': {
          secretName: 'string',
          'items?': [keyToPath],
          'optional?': 'boolean',
          'defaultMode?': 'integer',
        },
        'persistentVolumeClaim?': { claimName: 'string', 'readOnly?': 'boolean' },
        '*': 'any',
      },
    ],
    'terminationGracePeriodSeconds?': 'integer',
    '*': 'any',
  },
};

/** What hwctl relies on in the kinds it reads or edits; kinds that are not here go through untouched. */
export const manifestShapes: Readonly<Record<string, ManifestShape>> = {
  Deployment: {
    apiVersion: 'string',
    kind: 'string',
    metadata: 'any',
    spec: {
      'replicas?': 'integer',
      selector: 'any',
      template: podTemplate,
      'strategy?': 'any',
      'minReadySeconds?': 'integer',
      'revisionHistoryLimit?': 'integer',
      'paused?': 'boolean',
      'progressDeadlineSeconds?': 'integer',
    },
  },
  StatefulSet: {
    apiVersion: 'string',
    kind: 'string',
    metadata: 'any',
    spec: { 'replicas?': 'integer', selector: 'any', template: podTemplate, '*': 'any' },
  },
  Job: {
    apiVersion: 'string',
    kind: 'string',
    metadata: 'any',
    spec: { template: podTemplate, 'backoffLimit?': 'integer', 'activeDeadlineSeconds?': 'integer', '*': 'any' },
  },
  Service: {
    apiVersion: 'string',
    kind: 'string',
    metadata: 'any',
    spec: {
      'selector?': { '*': 'string' },
      'ports?': [
        {
          'name?': 'string',
          port: 'integer',
          'targetPort?': 'port',
          'protocol?': 'string',
          'nodePort?': 'integer',
          'appProtocol?': 'string',
        },
      ],
      '*': 'any',
    },
  },
  Ingress: {
    apiVersion: 'string',
    kind: 'string',
    metadata: 'any',
    spec: {
      'ingressClassName?': 'string',
      'defaultBackend?': 'any',
      'tls?': 'any',
      'rules?': [
        {
          'host?': 'string',
          'http?': {
            paths: [
              {
                'path?': 'string',
                pathType: 'string',
                backend: { service: { name: 'string', port: { 'name?': 'string', 'number?': 'integer' } } },
              },
            ],
          },
        },
      ],
    },
  },
  ConfigMap: {
    apiVersion: 'string',
    kind: 'string',
    metadata: 'any',
    'data?': { '*': 'string' },
    'binaryData?': 'any',
    'immutable?': 'boolean',
  },
  Secret: {
    apiVersion: 'string',
    kind: 'string',
    metadata: 'any',
    'type?': 'string',
    'data?': { '*': 'string' },
    'stringData?': { '*': 'string' },
    'immutable?': 'boolean',
  },
};
