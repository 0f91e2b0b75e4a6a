import type { KubeObject } from '../../manifests/kube-object.js';
import { explainApply } from '../api/api-error.js';
import type { KubeClient } from '../api/client.js';
import type { LiveObject } from '../api/live-object.js';
import type { ApplySet } from '../objects/apply-set.js';
import { clientLabel, partOfLabel } from '../objects/desired.js';

/** Labels of a pod of hwctl's own that asks the services: their NetworkPolicies let it in, and `down` finds it. */
export function clientLabels(name: string, { id }: ApplySet): Record<string, string> {
  return {
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/managed-by': 'hwctl',
    [clientLabel]: 'true',
    [partOfLabel]: id,
  };
}

/** What of a pod's spec meets the Pod Security Standard "restricted"; its containers need `restrictedContainer`. */
export const restrictedPod = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65534,
    runAsGroup: 65534,
    seccompProfile: { type: 'RuntimeDefault' },
  },
};

export const restrictedContainer = {
  imagePullPolicy: 'IfNotPresent',
  workingDir: '/tmp',
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
};

/** The one folder that such a container may write to. */
export const temporaryMount = { name: 'tmp', mountPath: '/tmp' };
export const temporaryVolume = { name: 'tmp', emptyDir: { sizeLimit: '32Mi' } };

/** Makes an object that is not there yet. Throws Failure as an apply does. */
export async function createObject(client: KubeClient, wanted: KubeObject): Promise<LiveObject> {
  const path = (await client.pathOf(wanted)).replace(/\/[^/]*$/, '');
  const made = await client
    .call<LiveObject>('POST', path, { body: wanted, query: { fieldManager: 'hwctl', fieldValidation: 'Strict' } })
    .catch((error: unknown) => {
      throw explainApply(error, wanted);
    });
  return { ...made, apiVersion: wanted.apiVersion, kind: wanted.kind };
}
