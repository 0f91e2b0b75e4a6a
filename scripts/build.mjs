// Builds dist/ with the TypeScript compiler and copies what it leaves behind (SQL migrations).
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
// An installed package brings dist/ along and has neither sources nor compiler.
if (existsSync('tsconfig.build.json') && existsSync('node_modules/typescript')) {
  if (process.argv.includes('--clean')) rmSync('dist', { recursive: true, force: true });
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
  cpSync('src', 'dist', { recursive: true, filter: (from) => !/\.tsx?$/.test(from) });
}
