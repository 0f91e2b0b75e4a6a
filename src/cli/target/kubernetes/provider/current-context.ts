import { readFileSync } from 'node:fs';
import { type Document, parseDocument } from 'yaml';
import { notWritten } from '../../../kernel/files.js';
import { replaceFile } from '../../../kernel/replacement.js';
import { kubeConfigFiles } from '../../kubeconfig.js';
import type { Env } from './provider.js';

/**
 * Remembers the context that kubectl is at, and returns what brings it back: for programs that make their own context the
 * current one and cannot be told not to. What is in the kubeconfig else stays as it is then. Throws Failure `unwritable`.
 */
export function rememberCurrentContext(env: Env): () => void {
  const before = new Map(kubeConfigFiles(env).map((file) => [file, currentOf(read(file))]));
  return () => {
    for (const [file, context] of before) {
      const document = read(file);
      if (document === undefined || currentOf(document) === context) continue;
      if (context === undefined) document.delete('current-context');
      else document.set('current-context', context);
      try {
        replaceFile(file, document.toString({ lineWidth: 0 }));
      } catch (error) {
        throw notWritten(error, {
          shown: file,
          by: 'kubeconfig',
          hint: 'kubectl config use-context NAME brings it back',
        });
      }
    }
  };
}

/** A file that KUBECONFIG names need not exist. */
function read(file: string): Document | undefined {
  try {
    return parseDocument(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function currentOf(document: Document | undefined): unknown {
  return document?.get('current-context');
}
