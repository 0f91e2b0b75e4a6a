/** One process that the supervisor keeps running. Texts may hold `{{port:KEY}}`, which it fills in. */
export interface ProcessSpec {
  /** The workload's name, or `gateway`. */
  name: string;
  /** A `job` runs once to its end; a `service` and the `gateway` run until they are stopped. */
  kind: 'service' | 'job' | 'gateway';
  stacks: string[];
  /** The program and its arguments; of the gateway its arguments alone. */
  command: string[];
  /** Where it runs; the state folder where none is given. */
  cwd?: string;
  env: Record<string, string>;
  /** The ports it listens on, the one that it is reached by first. */
  ports: ProcessPort[];
  /** Names of the processes that must be ready, or done, before it starts. */
  after: string[];
  /** How readiness and life are told; absent: ready as soon as it runs. */
  readiness?: ProcessProbe;
  liveness?: ProcessProbe;
  /** Milliseconds that a start may take before the process is started anew. */
  startTimeoutMs: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  graceMs: number;
  /** Times that a job is tried. */
  attempts?: number;
  /** Folders to make and files to write before the start, by absolute path. */
  folders: string[];
  files: { path: string; text: string; secret: boolean }[];
  /** A Node program of hwctl's own, see LocalEntry. */
  ours?: boolean;
  /** A Postgres: made before the first start. */
  postgres?: PostgresSpec;
  /** Changes when anything that needs a restart does. */
  digest: string;
}

/** Milliseconds within which a process that is restarted on purpose is ready again: its grace, its start, and some. */
export function restartWithinMs({ graceMs, startTimeoutMs }: Pick<ProcessSpec, 'graceMs' | 'startTimeoutMs'>): number {
  return Math.max(60_000, graceMs + startTimeoutMs + 5_000);
}

export interface ProcessPort {
  /** The process's name, or `NAME#9090` for the ports after the first. */
  key: string;
  /** The port that it cannot but listen on. */
  fixed?: number;
  /** Why it cannot, in words that follow the workload's name. */
  why?: string;
}

export type ProcessProbe = {
  periodMs: number;
  timeoutMs: number;
  failureThreshold: number;
} & (
  | { kind: 'http'; port: string; path: string; headers?: Record<string, string> }
  | { kind: 'tcp'; port: string }
  | { kind: 'exec'; command: string[] }
);

/** What a Postgres is made with, as its image's variables say. */
export interface PostgresSpec {
  /** Folder of its programs. */
  bin: string;
  data: string;
  user: string;
  /** Empty: nobody is asked for one. */
  password: string;
  database: string;
  /** Password of the user `postgres`, where the image makes one beside `user`. */
  adminPassword?: string;
  /** What is run once, in order: `.sql` by psql, `.sh` by a shell. */
  scripts: { name: string; text: string }[];
  /** Whom it runs as where we are root, whom Postgres refuses. */
  as?: { uid: number; gid: number };
}

/** Something of the manifests that has no meaning here, and why. */
export interface LeftOut {
  ref: string;
  reason: string;
  /** Whoever wrote it would not expect it: `up` says so, and not the plan alone. */
  isTold?: boolean;
  /** It would run here if this machine ran containers. */
  needsContainer?: true;
}
