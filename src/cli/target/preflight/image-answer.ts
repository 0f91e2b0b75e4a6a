/** What a registry says of an image; `unknown` where it cannot be asked. */
export interface ImageAnswer {
  state: 'yes' | 'no' | 'unknown';
  /** Architectures that it is for, as Go names them: amd64, arm64. */
  architectures?: readonly string[];
}
