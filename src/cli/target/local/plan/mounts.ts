import { isAbsolute, join, posix, relative, sep } from 'node:path';
import type { Container, Volume } from '../../manifests/kube-object.js';
import { readData, type WorkloadReading } from './container-env.js';
import type { LocalWorkload } from './workload.js';

/** A volume mount: what of the container's paths is which folder here, and the files in it. */
export interface Mount {
  mountPath: string;
  folder: string;
  files: { path: string; text: string; secret: boolean }[];
}

/** The mounts of a container as folders and files below `volumes`. */
export function readMounts(workload: LocalWorkload, container: Container, around: WorkloadReading): Mount[] {
  return (container.volumeMounts ?? []).flatMap(({ name, mountPath, subPath }) => {
    const volume = volumeOf(name, workload);
    if (volume === undefined || mountPath === undefined) return [];
    const folder = volumeFolder(workload, volume, around.volumes);
    return [
      {
        mountPath: mountPath.replace(/\/+$/, ''),
        folder: subPath === undefined ? folder : join(folder, subPath),
        files: volumeFiles(workload, volume, folder, around),
      },
    ];
  });
}

function volumeOf(name: string, { object, pod }: LocalWorkload): Volume | undefined {
  const claims = (object.spec as { volumeClaimTemplates?: { metadata?: { name?: string } }[] } | undefined)
    ?.volumeClaimTemplates;
  const found = pod.volumes?.find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  return claims?.some(({ metadata }) => metadata?.name === name) ? { name } : undefined;
}

/** A claim is one folder for all who mount it; every other volume belongs to its own process. */
function volumeFolder({ name }: LocalWorkload, volume: Volume, volumes: string): string {
  const claim = volume.persistentVolumeClaim?.claimName;
  return claim === undefined ? join(volumes, name, volume.name) : join(volumes, 'claims', claim);
}

function volumeFiles(workload: LocalWorkload, volume: Volume, folder: string, around: WorkloadReading): Mount['files'] {
  const source = volume.configMap ?? volume.secret;
  if (source === undefined) return [];
  const secret = volume.secret !== undefined;
  const name = volume.configMap?.name ?? volume.secret?.secretName ?? '';
  const data = readData(secret ? 'Secret' : 'ConfigMap', name, workload, around) ?? {};
  const items = source.items ?? Object.keys(data).map((key) => ({ key, path: key }));
  return items.flatMap(({ key, path }) => {
    const text = data[key];
    return text === undefined ? [] : [{ path: join(folder, path), text, secret }];
  });
}

/** A path of the container as one of this machine where a volume is mounted there. */
export function mapMounts(value: string, mounts: readonly Mount[]): string {
  if (!value.startsWith('/')) return value;
  // What steps out of a mount is not in it.
  const path = value.includes('..') ? posix.normalize(value) : value;
  const mount = mounts.find(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`));
  return mount === undefined ? value : join(mount.folder, path.slice(mount.mountPath.length));
}

/** Whether an absolute path is below a folder. */
export function isInside(folder: string, path: string | undefined): boolean {
  if (path === undefined || !isAbsolute(path)) return false;
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
