/**
 * A part of what is deployed, in the order of its project, as `kubectl apply`, `kubectl apply -k` or `helm upgrade --install`
 * would take it. Paths are absolute.
 */
export type Release = { namespace?: string } & (
  | {
      kind: 'manifests';
      /** Folder, file or URL (http, https). */
      path: string;
      /** Folders below it too (`-R`). */
      recursive: boolean;
    }
  | { kind: 'kustomize'; path: string }
  | {
      kind: 'chart';
      release: string;
      /** Folder or archive, a name in `repository`, or an `oci://` reference. */
      chart: string;
      repository?: string;
      version?: string;
      /** Files, the later over the earlier. */
      values: readonly string[];
      set: readonly { flag: '--set' | '--set-string' | '--set-json' | '--set-file'; text: string }[];
    }
);

/** What rendering asks of a cluster: `helm template` is given it, and `lookup` reads it. */
export interface RenderingCluster {
  /** `v1.34.4`. */
  kubernetesVersion: string;
  /** As helm's `--api-versions` takes them: `apps/v1`, `apps/v1/Deployment`. */
  apiVersions: readonly string[];
  /** kubeconfig context; absent where nothing is there to look up in. */
  context?: string;
}
