import { kind } from './kind.js';
import { minikube } from './minikube.js';
import { none } from './none.js';
import type { ProviderKind } from './provider.js';

/**
 * Every provider, by the name that `--target` has for it, in the order in which help lists them. A new one is its own file
 * and an entry here: commands, help, completion and doctor read this map.
 */
export const providers = { minikube, kind, kube: none } as const satisfies Record<string, ProviderKind>;

/** A cluster by the name that `--target` has for it. */
export type ClusterName = keyof typeof providers;
