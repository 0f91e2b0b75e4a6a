import type { PreflightProblem } from './problem.js';
import type { PreflightRelease } from './scene.js';

/** Repositories of charts that are gone or that nobody keeps, by their address without scheme and last slash. */
const repositories: readonly { pattern: RegExp; isGone: boolean; what: string; cure: string }[] = [
  {
    pattern: /^(kubernetes-charts\.storage\.googleapis\.com|storage\.googleapis\.com\/kubernetes-charts)$/,
    isGone: true,
    what: 'the stable repository',
    cure: 'Its archive is https://charts.helm.sh/stable',
  },
  {
    pattern:
      /^(kubernetes-charts-incubator\.storage\.googleapis\.com|storage\.googleapis\.com\/kubernetes-charts-incubator)$/,
    isGone: true,
    what: 'the incubator repository',
    cure: 'Its archive is https://charts.helm.sh/incubator',
  },
  {
    pattern: /^charts\.helm\.sh\/(stable|incubator)$/,
    isGone: false,
    what: 'an archive since 2020, with charts for clusters of that time',
    cure: 'Take the chart from where it is kept today',
  },
  {
    pattern: /^s3-eu-west-1\.amazonaws\.com\/coreos-charts/,
    isGone: true,
    what: 'the repository of CoreOS',
    cure: 'Take kube-prometheus-stack of https://prometheus-community.github.io/helm-charts',
  },
  {
    pattern: /^grafana\.github\.io\/loki\/charts$/,
    isGone: true,
    what: 'the repository of Loki',
    cure: 'It is https://grafana.github.io/helm-charts today',
  },
  {
    pattern: /^(containous\.github\.io\/traefik-helm-chart|traefik\.github\.io\/traefik-helm-chart)$/,
    isGone: true,
    what: 'the repository of Traefik',
    cure: 'It is https://traefik.github.io/charts today',
  },
  {
    pattern:
      /^(kiwigrid\.github\.io|cloudposse\.github\.io\/charts|charts\.banzaicloud\.com|kubernetes-charts\.banzaicloud\.com)/,
    isGone: true,
    what: 'the repository',
    cure: 'Take the chart from where it is kept today, or vendor it: helm dependency build, charts/*.tgz',
  },
  {
    pattern: /^(charts\.jfrog\.io|repo\.chartcenter\.io|chartcenter\.io)/,
    isGone: true,
    what: 'ChartCenter',
    cure: 'Take the chart from where it is kept today',
  },
];

/** Charts that moved, by the name they had. */
const moved: Readonly<Record<string, string>> = {
  'prometheus-operator': 'kube-prometheus-stack of https://prometheus-community.github.io/helm-charts',
  prometheus: 'prometheus of https://prometheus-community.github.io/helm-charts',
  grafana: 'grafana of https://grafana.github.io/helm-charts',
  loki: 'loki of https://grafana.github.io/helm-charts',
  'nginx-ingress': 'ingress-nginx of https://kubernetes.github.io/ingress-nginx',
  postgresql: 'oci://registry-1.docker.io/bitnamicharts/postgresql',
  redis: 'oci://registry-1.docker.io/bitnamicharts/redis',
  rabbitmq: 'oci://registry-1.docker.io/bitnamicharts/rabbitmq',
  mongodb: 'oci://registry-1.docker.io/bitnamicharts/mongodb',
  mysql: 'oci://registry-1.docker.io/bitnamicharts/mysql',
  kafka: 'oci://registry-1.docker.io/bitnamicharts/kafka',
  'cert-manager': 'cert-manager of https://charts.jetstack.io',
  'metrics-server': 'metrics-server of https://kubernetes-sigs.github.io/metrics-server, or the addon of minikube',
  elasticsearch: 'elasticsearch of https://helm.elastic.co',
  traefik: 'traefik of https://traefik.github.io/charts',
};

/** The last versions of bitnami's charts that were taken away, by major version: what their own repository has begins after. */
const oldestBitnami: Readonly<Record<string, number>> = {
  postgresql: 12,
  rabbitmq: 12,
  redis: 18,
  kafka: 26,
  mongodb: 14,
  mysql: 9,
};

/** Releases whose chart can no longer be had where they look for it. */
export function releaseProblems(releases: readonly PreflightRelease[]): PreflightProblem[] {
  return releases.flatMap((release): PreflightProblem[] => {
    const { chart = '', repository, version, where } = release;
    if (release.kind !== 'chart' || /^\.{0,2}\//.test(chart)) return [];
    const name = chart.split('/').at(-1) ?? chart;
    const place = { ref: `chart/${name}`, source: where };
    const address = addressOf(repository ?? (chart.startsWith('stable/') ? 'https://charts.helm.sh/stable' : ''));
    const newHome = moved[name];
    const known = repositories.find(({ pattern }) => pattern.test(address));
    if (known !== undefined) {
      const cure = newHome === undefined ? known.cure : `It is ${newHome} today`;
      const cause = known.isGone
        ? `${known.what} at ${address} is gone, and with it the chart ${name}`
        : `${address} is ${known.what}`;
      return [{ ...place, code: 'chart-repository', stops: known.isGone, cause, cure }];
    }
    if (!/^charts\.bitnami\.com|^repo\.broadcom\.com\/bitnami-files|bitnamicharts/.test(address || chart)) return [];
    const major = Number(/^[~^>=v\s]*(\d+)/.exec(version ?? '')?.[1] ?? Number.NaN);
    const oldest = oldestBitnami[name];
    if (oldest === undefined || !(major < oldest)) return [];
    return [
      {
        ...place,
        code: 'chart-version',
        stops: true,
        cause: `${name} ${version} is a chart of bitnami that its repository has no longer`,
        cure: `Vendor the archive (charts/${name}-${version}.tgz), or write a newer version: oci://registry-1.docker.io/bitnamicharts/${name}`,
      },
    ];
  });
}

function addressOf(url: string): string {
  return url.replace(/^[a-z]+:\/\//, '').replace(/\/(index\.yaml)?$/, '');
}
