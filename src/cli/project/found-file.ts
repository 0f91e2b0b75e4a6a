/** A file's text, and a place for what is wrong with it. */
export interface FoundFile {
  path: string;
  text: string;
  /** Every path of the repository. */
  paths: ReadonlySet<string>;
  /** The text of another file of the repository. */
  read(path: string): string | undefined;
  unreadable(line: number, why: string): void;
}

/** The folder of a path; '' for the root. */
export function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The line, from 1, on which the character at `index` stands; 1 where there is none. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
