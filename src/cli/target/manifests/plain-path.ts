/** A path that may be a regular expression of ingress-nginx, as it can be asked for: what stands before its first group. */
export function plainPath(path = '/'): string {
  const plain = path.replace(/\(.*$/s, '').replaceAll(/[?*+^$|\\[\]]/g, '');
  return plain.startsWith('/') ? encodeURI(plain) : '/';
}
