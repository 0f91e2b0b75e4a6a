/** What a program takes as flags, as far as words after them matter: those without a value, and short names. */
export interface FlagTable {
  /** Flags that stand alone: the word after them is not theirs. */
  alone: ReadonlySet<string>;
  /** Short or other names -> the name under which the value is kept. */
  names: Readonly<Record<string, string>>;
}

/** The words of a call: what stands alone and what the flags are given, in order. */
export interface Arguments {
  words: string[];
  /** Everything after a lone `--`. */
  after: string[];
  /** All values of a flag, by its long name without dashes. */
  flags: ReadonlyMap<string, string[]>;
}

/** Splits a call by GNU conventions: `--flag value`, `--flag=value`, `-f value`, `-fvalue`, grouped short flags, `--`. */
export function splitArguments(argv: readonly string[], table: FlagTable): Arguments {
  const words: string[] = [];
  const flags = new Map<string, string[]>();
  const named = (name: string) => (Object.hasOwn(table.names, name) ? table.names[name] : undefined);
  const keep = (name: string, value: string) => {
    const long = named(name) ?? name;
    flags.set(long, [...(flags.get(long) ?? []), value]);
  };
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at]!;
    if (word === '--') return { words, after: argv.slice(at + 1), flags };
    const flag = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word);
    if (flag === null) {
      words.push(word);
      continue;
    }
    const [, name = '', value] = flag;
    const grouped = !word.startsWith('--') && name.length > 1 && named(name) === undefined && !table.alone.has(name);
    if (value !== undefined) keep(name, value);
    else if (table.alone.has(named(name) ?? name)) keep(name, 'true');
    else if (grouped && [...name].every((letter) => table.alone.has(named(letter) ?? letter)))
      for (const letter of name) keep(letter, 'true');
    else if (grouped && named(name[0]!) !== undefined) keep(name[0]!, name.slice(1));
    else if (argv[at + 1] === undefined || /^--?[A-Za-z]/.test(argv[at + 1]!)) keep(name, 'true');
    else keep(name, argv[++at]!);
  }
  return { words, after: [], flags };
}

const set = (names: string) => new Set(names.split(' '));

/** The flags of the programs whose calls are read, from their own help (helm 3.19 and 4.0, kubectl 1.34, docker 28, newman 6.2). */
export const flagTables = {
  helm: {
    alone: set(
      'install i wait atomic create-namespace dry-run debug devel force dependency-update reuse-values reset-values generate-name g no-hooks skip-crds verify cleanup-on-fail wait-for-jobs insecure-skip-tls-verify pass-credentials replace force-update take-ownership rollback-on-failure skip-refresh help h',
    ),
    names: { n: 'namespace', f: 'values', i: 'install', g: 'generate-name', h: 'help', o: 'output' },
  },
  kubectl: {
    alone: set(
      'recursive R current all A all-namespaces force record overwrite server-side watch w ignore-not-found force-conflicts prune i t stdin tty it help h save-config',
    ),
    names: {
      n: 'namespace',
      f: 'filename',
      k: 'kustomize',
      l: 'selector',
      o: 'output',
      R: 'recursive',
      A: 'all-namespaces',
      w: 'watch',
      c: 'container',
    },
  },
  docker: {
    alone: set('no-cache pull push load q quiet rm force-rm squash a all D debug d detach build i t it help h'),
    names: { f: 'file', q: 'quiet', o: 'output' },
  },
  /** Where `-t` is a tag and no terminal. */
  build: {
    alone: set('no-cache pull push load q quiet rm force-rm squash help h'),
    names: { t: 'tag', f: 'file', q: 'quiet', o: 'output' },
  },
  newman: {
    alone: set(
      'verbose bail k insecure ignore-redirects disable-unicode suppress-exit-code x no-color help h no-insecure-file-read',
    ),
    names: {
      e: 'environment',
      g: 'globals',
      d: 'iteration-data',
      n: 'iteration-count',
      r: 'reporters',
      k: 'insecure',
      x: 'suppress-exit-code',
    },
  },
  minikube: {
    alone: set('alsologtostderr url https wait-all help h install-addons force'),
    names: { p: 'profile', t: 'tag', f: 'file' },
  },
  skaffold: {
    alone: set('tail port-forward cleanup help h force wait-for-deletions'),
    names: { f: 'filename', p: 'profile', n: 'namespace', d: 'default-repo', t: 'tag' },
  },
  load: {
    alone: set('headless only-summary k i quiet q v verbose no-color'),
    names: { f: 'locustfile', u: 'users', r: 'spawn-rate', t: 'run-time', H: 'host' },
  },
} satisfies Record<string, FlagTable>;
