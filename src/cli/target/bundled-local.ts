import { join } from 'node:path';
import { inputsDigest } from './bundled-inputs.js';
import type { TargetEnvironment } from './environment.js';
import type { LocalProject } from './local/project.js';

/** The bundled platform as the local target takes it: its built server as processes, each on SQLite files of its own. */
export function bundledLocal({ root }: Pick<TargetEnvironment, 'root'>): LocalProject {
  const serverEntry = join(root, 'dist', 'server', 'main.js');
  return {
    folder: join(root, 'manifests'),
    // What reads YAML is loaded only where YAML is to be read.
    read: async (request) => (await import('./read-bundled.js')).readBundled(request, serverEntry),
    inputs: (request) => inputsDigest(request, serverEntry),
  };
}
