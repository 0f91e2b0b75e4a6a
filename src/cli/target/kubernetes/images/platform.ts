import type { RunProgram } from '../../../kernel/process.js';
import { findEngine } from '../provider/image.js';
import type { ImageSource } from './image-source.js';

const quickMs = 30_000;

/** What an image is built for, and what is to be told of it. */
export interface BuildPlatform {
  /** Undefined where the engine's own is right. */
  platform: string | undefined;
  note?: string;
}

/** The nodes of a cluster that runs, and what the engine here is asked with. */
export interface ClusterNodes {
  run: RunProgram;
  nodes: readonly { status?: unknown }[];
}

/** What each source is built for: what it says, else what the nodes are, where the engine is something else. */
export async function buildPlatforms(
  cluster: ClusterNodes | undefined,
  sources: readonly ImageSource[],
): Promise<BuildPlatform[]> {
  const wanted = [...new Set((cluster?.nodes ?? []).map(platformOf).filter((one) => one !== undefined))];
  const isOpen = wanted.length > 0 && sources.some(({ platform }) => platform === undefined);
  const own = isOpen && cluster !== undefined ? await enginePlatform(cluster.run) : undefined;
  const said = wanted.join(' and ');
  return sources.map(({ platform }) => {
    if (platform !== undefined) {
      const isRight = wanted.length === 0 || wanted.some((one) => runs(one, platform));
      return { platform, ...(!isRight && { note: `it is built for ${platform}, and the nodes are ${said}` }) };
    }
    if (own === undefined) return { platform };
    if (!wanted.includes(own))
      return { platform: wanted[0], note: `it is built for ${wanted[0]}, as the nodes are; the engine here is ${own}` };
    return { platform, ...(wanted.length > 1 && { note: `it is built for ${own} alone, and the nodes are ${said}` }) };
  });
}

/** `linux/amd64/v2` runs where `linux/amd64` is meant. */
function runs(node: string, platform: string): boolean {
  return platform === node || platform.startsWith(`${node}/`);
}

function platformOf({ status }: { status?: unknown }): string | undefined {
  const { nodeInfo } = (status ?? {}) as { nodeInfo?: { operatingSystem?: unknown; architecture?: unknown } };
  if (typeof nodeInfo?.architecture !== 'string') return undefined;
  return `${String(nodeInfo.operatingSystem ?? 'linux')}/${nodeInfo.architecture}`;
}

/** The platform of the engine of this machine; undefined where none answers: who builds says so. */
async function enginePlatform(run: RunProgram): Promise<string | undefined> {
  const engine = await findEngine(run).catch(() => undefined);
  if (engine === undefined) return undefined;
  const format = engine === 'docker' ? '{{.Server.Os}}/{{.Server.Arch}}' : '{{.Server.OsArch}}';
  const { exitCode, stdout } = await run([engine, 'version', '--format', format], { timeoutMs: quickMs });
  const said = stdout.trim();
  return exitCode === 0 && /^\w+\/\w+$/.test(said) ? said : undefined;
}
