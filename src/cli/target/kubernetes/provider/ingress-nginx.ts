/** The controller of ingress-nginx, by the names that its own manifests, minikube's addon and kind's page give it. */
export const ingressController = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'ingress-nginx-controller', namespace: 'ingress-nginx' },
};
