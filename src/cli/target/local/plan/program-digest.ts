import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Far above what a program of a person's is made of. */
const mostFiles = 5_000;
/** What a program's tools and the program itself write beside its sources: none of it makes another program. */
const written =
  /^(?:node_modules|__pycache__|venv|env|logs?|tmp|temp|data|uploads|coverage|\..*)$|\.(?:log|pyc|pid|sock|db|sqlite3?|db-wal|db-shm|db-journal|swp|tmp)$/i;

/** Changes when the files of a program's folder do: their names, sizes and times, links not followed; '' where there is none. */
export function programDigest(folder: string): string {
  const hash = createHash('sha256');
  let files = 0;
  const visit = (path: string, depth: number): void => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (files >= mostFiles || written.test(entry.name)) continue;
      const below = join(path, entry.name);
      if (entry.isDirectory() && depth < 16) visit(below, depth + 1);
      if (!entry.isFile()) continue;
      files++;
      const { size, mtimeMs } = statSync(below);
      hash.update(`${below}\0${size}\0${mtimeMs}\n`);
    }
  };
  try {
    visit(folder, 1);
  } catch {
    // Gone while it was looked at: the next look says so.
    return '';
  }
  return hash.digest('hex').slice(0, 16);
}
