import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isMap, isSeq, parseDocument } from 'yaml';

type Environment = Readonly<Record<string, string | undefined>>;

/** The files that KUBECONFIG names, else ~/.kube/config. */
export function kubeConfigFiles(env: Environment): string[] {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  if (named.length > 0) return named;
  return env.HOME === undefined ? [] : [join(env.HOME, '.kube', 'config')];
}

/**
 * Names of the contexts in these files, for completion: without the client, which is slow to load. What cannot be read is
 * left out.
 */
export function contextNames(env: Environment): string[] {
  const names = kubeConfigFiles(env).flatMap((file) => {
    try {
      const contexts = parseDocument(readFileSync(file, 'utf8')).get('contexts');
      return isSeq(contexts) ? contexts.items.map((item) => (isMap(item) ? item.get('name') : undefined)) : [];
    } catch {
      return [];
    }
  });
  return [...new Set(names)].filter((name) => typeof name === 'string');
}
