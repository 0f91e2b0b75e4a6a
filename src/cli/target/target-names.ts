import type { ClusterFlag, ProviderKind } from './kubernetes/provider/provider.js';
import { type ClusterName, providers } from './kubernetes/provider/providers.js';

export type { ClusterFlag, ClusterName };

/** The targets that are clusters. */
export const clusterNames = Object.keys(providers) as ClusterName[];

/** What `--target` accepts. */
export const targetNames = ['auto', 'local', ...clusterNames] as const;

/** The clusters on which a flag of whoever makes them means something. */
export function clustersWith(flag: ClusterFlag): ClusterName[] {
  return clusterNames.filter((name) => providers[name].flags[flag]);
}

/** What `--profile` names, and where: `minikube profile (with --target minikube)`. */
export function profileHelp(): string {
  const names = clustersWith('profile');
  const nouns = names.map((name) => (providers[name] satisfies ProviderKind).noun);
  return `${nouns.join(' or ')} (with --target ${names.join(' or ')})`;
}

/** The profiles that are known on this machine without asking any program, each with what it is. */
export async function knownProfiles(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly ClusterName[] = clustersWith('profile'),
): Promise<{ profile: string; noun: string }[]> {
  const lists = names.map(async (name) => {
    const { noun, profiles } = providers[name];
    // A folder that is not there has no profile in it.
    const known = await profiles(env).catch(() => []);
    return known.map((profile) => ({ profile, noun }));
  });
  return (await Promise.all(lists)).flat();
}
