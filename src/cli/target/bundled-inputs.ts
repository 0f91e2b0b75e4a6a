import { createHash, type Hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { LocalRequest } from './local/project.js';

/** Changes when any input does: an `up` with the inputs of the last one need not read the manifests as YAML again. */
export function inputsDigest({ stacks, manifests, values }: LocalRequest, serverEntry: string): string {
  const hash = createHash('sha256').update(JSON.stringify([stacks, manifests, values]));
  try {
    hashFolder(hash, manifests);
  } catch {
    // Whoever reads them says what is wrong with them.
    return '';
  }
  return hash.update(buildDigest(serverEntry)).digest('hex');
}

/** Changes when the built server does: names and bytes of its files. Throws Failure `no-server-build`. */
export function buildDigest(serverEntry: string): string {
  const hash = createHash('sha256');
  try {
    readFileSync(serverEntry);
    hashFolder(hash, dirname(serverEntry));
  } catch (error) {
    throw new Failure({
      code: 'no-server-build',
      message: `the built server ${serverEntry} is not there`,
      hint: 'npm run build',
      cause: error,
    });
  }
  return hash.digest('hex');
}

function hashFolder(hash: Hash, folder: string): void {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) hashFolder(hash, path);
    else if (!entry.name.endsWith('.map')) hash.update(`${path}\n`).update(readFileSync(path));
  }
}
