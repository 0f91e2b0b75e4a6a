/** Something that an Ingress or an HTTPRoute asks for and will not have. */
export interface RouteProblem {
  /** `Ingress/web`. */
  ref: string;
  /** The whole name of the annotation, or the field (`spec.tls`). */
  annotation: string;
  /** `here`: on the local gateway alone; `cluster`: ingress-nginx refuses or ignores it, too. */
  where: 'here' | 'cluster';
  message: string;
  hint: string;
}
