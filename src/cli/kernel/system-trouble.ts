const words: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'there is a file where a folder should be',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'its symbolic links go in a circle',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file is as large as it may be',
  EIO: 'the device answers with an input/output error',
  ENXIO: 'nobody is at the other end',
  EBUSY: 'it is in use',
  ETXTBSY: 'it is a program that runs',
  ERR_INVALID_ARG_VALUE: 'the name holds a NUL character',
};

/** What the file system objects to, in words that follow `X cannot be read: `; the code, or the message, of what is not known. */
export function systemTrouble(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return words[code ?? ''] ?? code ?? message ?? String(error);
}
