import type { Finding } from './finding.js';
import { type FoundFile, folderOf, lineAt, nameOf } from './found-file.js';

/** What a source file is by its name and content: a Dockerfile, a k6 script, a locustfile. */
export function findingsOfText(file: FoundFile): Finding[] {
  if (/docker|containerfile/i.test(nameOf(file.path)) && !/\.(?:md|sh|py|js|ts|dockerignore)$/i.test(file.path))
    return dockerfile(file);
  if (/\.(?:js|mjs|ts)$/i.test(file.path)) return k6Script(file);
  if (/\.py$/i.test(file.path)) return locustfile(file);
  return [];
}

/** https://docs.docker.com/reference/dockerfile: it has a FROM, before which only comments, directives and ARG may stand. */
function dockerfile({ path, text }: FoundFile): Finding[] {
  if (/dockerignore$/i.test(path)) return [];
  const from = [...text.matchAll(/^[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?(\S+)/gim)];
  if (from.length === 0) return [];
  const last = from.at(-1)!;
  // Of several stages the last is the image.
  const stage = text.slice(last.index);
  const ports = [...stage.matchAll(/^[ \t]*EXPOSE[ \t]+(.+)$/gim)].flatMap((match) =>
    match[1]!.split(/\s+/).map((port) => Number.parseInt(port, 10)),
  );
  const started = [...stage.matchAll(/^[ \t]*(?:CMD|ENTRYPOINT)[ \t]+(.+)$/gim)]
    .map((match) => match[1]!.trim())
    .join(' ');
  return [
    {
      kind: 'dockerfile',
      file: path,
      line: lineAt(text, from[0]!.index + 1),
      folder: folderOf(path),
      base: last[1]!,
      ports: ports.filter((port) => port > 0),
      command: started === '' ? undefined : started,
      copies: copiesIn(text),
    },
  ];
}

/** What COPY and ADD take from the context: not from other stages, URLs or here-documents, and nothing that a variable names. */
function copiesIn(text: string): string[] {
  const lines = text.replaceAll(/\\[ \t]*\r?\n/g, ' ').matchAll(/^[ \t]*(?:COPY|ADD)[ \t]+(.+)$/gim);
  const copies = [...lines].flatMap(([, rest = '']) => {
    const given = rest.replace(/^(?:--\S+[ \t]+)*/, '').trim();
    if (/--from=/.test(rest) || given.startsWith('<<')) return [];
    const words = given.startsWith('[') ? quoted(given) : given.split(/\s+/);
    return words.slice(0, -1).filter((word) => !/[$]|^[a-z]+:\/\/|^git@/.test(word));
  });
  return [...new Set(copies)];
}

/** The texts of a JSON list; none where it is not one. */
function quoted(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"/g)].map((match) => match[1]!);
}

function k6Script({ path, text }: FoundFile): Finding[] {
  const found = /^[ \t]*import\b[^;\n]*['"]k6(?:\/[\w-]+)*['"]|\brequire\(\s*['"]k6(?:\/[\w-]+)*['"]\s*\)/m.exec(text);
  if (
    found === null ||
    !/\bexport\s+default\b|\bexport\s+(?:async\s+)?function\b|\bmodule\.exports\b|\bexec\s*:/.test(text)
  )
    return [];
  return [
    {
      kind: 'k6 script',
      file: path,
      line: lineAt(text, found.index + 1),
      options: /\bexport\s+(?:const|let|var)\s+options\b/.test(text),
    },
  ];
}

function locustfile({ path, text }: FoundFile): Finding[] {
  const found = /^[ \t]*(?:from\s+locust\b[\w.]*\s+import\b|import\s+locust\b)/m.exec(text);
  if (found === null) return [];
  const users = [...text.matchAll(/^class\s+(\w+)\s*\(\s*[\w.]*(?:User|Locust|TaskSet)\b/gm)].map((match) => match[1]!);
  return [{ kind: 'locustfile', file: path, line: lineAt(text, found.index + 1), users }];
}
