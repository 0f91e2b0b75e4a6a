/**
 * What the user is told to type, or to do, where the cluster itself is in the way. Each is a phrase that a hint ends
 * with; who made the cluster words it.
 */
export interface ClusterCures {
  /** Shows the state of the cluster. */
  status: string;
  /** Brings a cluster that stopped back. */
  start: string;
  /** Deletes the cluster with all that is in it. */
  remove: string;
  /** Renews what the kubeconfig says of the cluster. */
  kubeconfig: string;
  /** Installs an Ingress controller. */
  ingress: string;
  /** Installs metrics-server. */
  metrics: string;
  /** Brings volumes of this provisioner; undefined where whoever made the cluster did not bring the provisioner. */
  volumes(provisioner: string): string | undefined;
}

/** The cures for a cluster of which nothing but its context is known. */
export function plainCures(context: string): ClusterCures {
  return {
    status: `kubectl --context ${context} cluster-info`,
    start: 'start it the way it was made',
    remove: 'delete it the way it was made',
    kubeconfig: 'fetch a new one',
    ingress: 'https://kubernetes.io/docs/concepts/services-networking/ingress-controllers',
    metrics: 'https://github.com/kubernetes-sigs/metrics-server#installation',
    volumes: () => undefined,
  };
}
