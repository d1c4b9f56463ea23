import { statfsSync } from 'node:fs';

/** Names by the magic number of Linux: statfs(2) and `linux/magic.h`. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x73757245, 'Coda'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
]);

/** The network file system that a folder is on; undefined for a local one, and where the kind is not known. */
export function networkFileSystemOf(folder: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    // The number has 32 bits, and is signed on some architectures.
    return NETWORK_FILE_SYSTEMS.get(statfsSync(folder).type >>> 0);
  } catch {
    return undefined;
  }
}
