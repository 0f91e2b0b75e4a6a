import { readFileSync } from 'node:fs';
import { type Document, isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';
import { Failure } from '../../../kernel/failure.js';
import { notWritten } from '../../../kernel/files.js';
import { replaceFile } from '../../../kernel/replacement.js';
import type { TargetEnvironment } from '../../environment.js';
import { kubeConfigFiles } from '../../kubeconfig.js';
import type { DownReport } from '../../target.js';
import type { StateFile } from './cluster-state.js';

/** The entry of a context in the kubeconfig file that has it first, as kubectl looks for it. */
interface ContextEntry {
  file: string;
  document: Document;
  context: YAMLMap;
}

/** The default namespace of a context as its kubeconfig says it; undefined where it says none. */
export function contextNamespace(environment: TargetEnvironment, name: string): string | undefined {
  const namespace = findContext(environment, name)?.context.get('namespace');
  return typeof namespace === 'string' ? namespace : undefined;
}

/**
 * Makes `namespace` the default one of a context in the kubeconfig. What was there is written down first, so that `down`
 * can bring it back. Throws Failure `no-context` or `bad-kubeconfig`.
 */
export function setContextNamespace(
  environment: TargetEnvironment,
  name: string,
  namespace: string,
  state: StateFile,
): void {
  const entry = findContext(environment, name);
  if (entry === undefined) {
    throw new Failure({
      code: 'no-context',
      message: `the kubeconfig has no context ${JSON.stringify(name)}, so its namespace cannot be set`,
      hint: 'Leave --set-namespace out, or name another context',
    });
  }
  const before = entry.context.get('namespace');
  state.change((draft) => {
    if (draft.contextNamespaceBefore === undefined) {
      draft.contextNamespaceBefore = typeof before === 'string' ? before : null;
    }
    draft.contextNamespaceSet = namespace;
  });
  entry.context.set('namespace', namespace);
  write(entry);
}

/** Brings back the namespace of the context, unless somebody chose another one meanwhile. */
export function restoreContextNamespace(
  environment: TargetEnvironment,
  name: string,
  state: StateFile,
  report: Pick<DownReport, 'deleted' | 'kept'>,
): void {
  const { contextNamespaceBefore: before, contextNamespaceSet: ours } = state.get();
  if (before === undefined) return;
  const entry = findContext(environment, name);
  const now = entry?.context.get('namespace');
  if (entry !== undefined && now !== ours) {
    const reason = `somebody made ${String(now ?? 'default')} its namespace since`;
    report.kept.push({ ref: `context/${name}`, reason });
  } else if (entry !== undefined) {
    if (before === null) entry.context.delete('namespace');
    else entry.context.set('namespace', before);
    write(entry);
    report.deleted.push(`context/${name} namespace ${ours}`);
  }
  state.change((draft) => {
    draft.contextNamespaceBefore = undefined;
    draft.contextNamespaceSet = undefined;
  });
}

function findContext({ env }: TargetEnvironment, name: string): ContextEntry | undefined {
  for (const file of kubeConfigFiles(env)) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      // A file that KUBECONFIG names need not exist.
      continue;
    }
    const document = parseDocument(text);
    const contexts = document.get('contexts');
    if (!isSeq(contexts)) continue;
    for (const item of contexts.items) {
      const context = isMap(item) && item.get('name') === name ? item.get('context') : undefined;
      if (isMap(context)) return { file, document, context };
    }
  }
  return undefined;
}

/** Replaces the file in one move, with its permissions: a kubeconfig holds keys. */
function write({ file, document }: ContextEntry): void {
  try {
    replaceFile(file, document.toString({ lineWidth: 0 }));
  } catch (error) {
    const hint = 'Leave --set-namespace out, or make the file and its folder writable';
    throw notWritten(error, { shown: file, by: 'kubeconfig', hint });
  }
}
