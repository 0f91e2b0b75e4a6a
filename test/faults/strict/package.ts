import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { Test } from 'tap';
import { hwctl, root } from '../../golden.js';
import type { Edit } from './mutants.js';

/** A copy of the package whose server has been edited, with a state folder of its own: hwctl runs from it as it does installed. */
export class Package {
  private constructor(private readonly folder: string) {}

  static copy(t: Test): Package {
    const folder = mkdtempSync(join(tmpdir(), 'hwctl-package-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    for (const part of ['bin', 'dist/cli', 'manifests', 'scenarios', 'schemas', 'package.json'])
      cpSync(join(root, part), join(folder, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    return new Package(folder);
  }

  /** Builds the server with these edits. Throws where the text of one is not there exactly once: the sources have moved on. */
  async edit(edits: readonly Edit[]): Promise<void> {
    const quickLogins = {
      file: 'src/server/config.ts',
      from: "integer('PASSWORD_COST', 14",
      to: "integer('PASSWORD_COST', 10",
    };
    const all = [...edits, quickLogins];
    const left = new Set(all);
    const plugin: Plugin = {
      name: 'edits',
      setup: ({ onLoad }) =>
        onLoad({ filter: /\/src\/server\/.*\.ts$/ }, ({ path }) => {
          let contents = readFileSync(path, 'utf8');
          for (const edit of all.filter(({ file }) => path.endsWith(`/${file}`))) {
            const parts = contents.split(edit.from);
            if (parts.length !== 2)
              throw new Error(`${edit.file}: ${parts.length - 1} times ${JSON.stringify(edit.from)}`);
            contents = parts.join(edit.to);
            left.delete(edit);
          }
          return { contents, loader: 'ts' };
        }),
    };
    rmSync(join(this.folder, 'dist/server'), { recursive: true, force: true });
    await build({
      entryPoints: [join(root, 'src/server/main.ts')],
      outdir: join(this.folder, 'dist/server'),
      bundle: true,
      splitting: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      external: ['better-sqlite3', 'pg-native'],
      banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
      logLevel: 'error',
      plugins: [plugin],
    });
    for (const { file } of left) throw new Error(`${file} is not part of the server`);
  }

  /** Runs hwctl from here. The state is kept from run to run. */
  hwctl(args: string[], timeoutMs = 240_000) {
    const env = { XDG_STATE_HOME: join(this.folder, 'state') };
    return hwctl(args, { env, timeoutMs, program: join(this.folder, 'bin/hwctl.js') });
  }
}
