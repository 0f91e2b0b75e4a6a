import t from 'tap';
import { notFollowedHere, withoutEffectHere } from '../../../../src/cli/target/local/routes/known-annotations.js';
import { routeProblems } from '../../../../src/cli/target/local/routes/route-problems.js';
import type { KubeObject } from '../../../../src/cli/target/manifests/kube-object.js';
import { objectsOf, routeGroups } from './cases.js';

interface Draft {
  annotations?: Record<string, string>;
  path?: string;
  pathType?: string;
  host?: string;
  spec?: object;
  name?: string;
}

function ingress({
  annotations = {},
  path = '/',
  pathType = 'Prefix',
  host = 'a.test',
  spec,
  name = 'web',
}: Draft): KubeObject {
  const backend = { service: { name: 'web', port: { number: 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name,
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [
          key.includes('/') ? key : `nginx.ingress.kubernetes.io/${key}`,
          value,
        ]),
      ),
    },
    spec: { rules: [{ host, http: { paths: [{ path, pathType, backend }] } }], ...spec },
  };
}

const service = (name: string, namespace?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  spec: {},
});

t.test('what would be routed otherwise is told, and where', async (t) => {
  const cases: [
    name: string,
    draft: Draft,
    told: [annotation: string, where: string, message: RegExp, hint?: RegExp][],
  ][] = [
    ['nothing', {}, []],
    [
      'what is followed',
      { annotations: { 'rewrite-target': '/$1', 'enable-cors': 'true', 'proxy-body-size': '8m' } },
      [],
    ],
    ['what changes nothing here', { annotations: { 'proxy-buffering': 'off', affinity: 'cookie' } }, []],
    [
      'a snippet',
      { annotations: { 'configuration-snippet': 'return 200;' } },
      [['configuration-snippet', 'here', /nginx directives are not read/, /annotations/]],
    ],
    [
      'canary',
      { annotations: { canary: 'true', 'canary-weight': '10' } },
      [
        ['canary', 'here', /not divided/],
        ['canary-weight', 'here', /not divided/],
      ],
    ],
    ['a limit', { annotations: { 'limit-rps': '5' } }, [['limit-rps', 'here', /nothing is limited/]]],
    [
      'a password',
      { annotations: { 'auth-type': 'basic', 'auth-secret': 's' } },
      [
        ['auth-type', 'here', /no password/],
        ['auth-secret', 'here', /no password/],
      ],
    ],
    [
      'a slip',
      { annotations: { 'rewrite-targt': '/' } },
      [['rewrite-targt', 'cluster', /no such annotation/, /rewrite-target\?/]],
    ],
    [
      'nothing near',
      { annotations: { 'make-coffee': 'now' } },
      [['make-coffee', 'cluster', /no such annotation/, /Remove/]],
    ],
    [
      'a value with a query',
      { annotations: { 'rewrite-target': '/$1?a=b' } },
      [['rewrite-target', 'cluster', /does not take .*nothing is rewritten/]],
    ],
    [
      'a variable that is not known',
      { annotations: { 'rewrite-target': '/$geoip_city' } },
      [['rewrite-target', 'here', /\$geoip_city is not known/]],
    ],
    ['a variable that is', { annotations: { 'rewrite-target': '/$host$1$arg_x' } }, []],
    [
      'a group by its name',
      { annotations: { 'rewrite-target': '/$id' }, path: '/(?<id>x)', pathType: 'ImplementationSpecific' },
      [],
    ],
    [
      'a variable in a redirect',
      { annotations: { 'permanent-redirect': 'https://x.test$request_uri' } },
      [['permanent-redirect', 'cluster', /the Ingress is refused/]],
    ],
    ['a flag that is none', { annotations: { 'use-regex': 'yes' } }, [['use-regex', 'cluster', /taken for false/]]],
    [
      'a path that is no regular expression',
      { annotations: { 'use-regex': 'true' }, path: '/(a', pathType: 'ImplementationSpecific' },
      [['spec.rules[].http.paths[].path /(a', 'here', /without its \)/]],
    ],
    [
      'a path that refers back',
      { annotations: { 'use-regex': 'true' }, path: '/(a)\\1', pathType: 'ImplementationSpecific' },
      [['spec.rules[].http.paths[].path /(a)\\1', 'here', /refers to a group/]],
    ],
    [
      'a regular expression of type Prefix',
      { annotations: { 'use-regex': 'true' }, path: '/x/(.*)' },
      [['spec.rules[].http.paths[].path /x/(.*)', 'cluster', /refuses .* pathType Prefix/, /ImplementationSpecific/]],
    ],
    [
      'the class of old',
      { annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
      [['kubernetes.io/ingress.class', 'cluster', /deprecated/, /ingressClassName: nginx/]],
    ],
    [
      'another class of old',
      { annotations: { 'kubernetes.io/ingress.class': 'alb' } },
      [['kubernetes.io/ingress.class', 'here', /"alb" is not ingress-nginx's/]],
    ],
    [
      'TLS',
      { spec: { tls: [{ hosts: ['a.test'] }] } },
      [['spec.tls', 'here', /308 to https/, /ssl-redirect: "false"/]],
    ],
    ['TLS without a redirect', { annotations: { 'ssl-redirect': 'false' }, spec: { tls: [{}] } }, []],
    [
      'auth-url outside',
      { annotations: { 'auth-url': 'https://httpbin.org/basic-auth' } },
      [['auth-url', 'here', /httpbin\.org is no Service of the project/]],
    ],
    ['auth-url of a Service', { annotations: { 'auth-url': 'http://auth.default.svc.cluster.local:9000/auth' } }, []],
    ['auth-url of a host of the project', { annotations: { 'auth-url': 'http://a.test/auth' } }, []],
    [
      'auth-url with a short name',
      { annotations: { 'auth-url': 'http://auth:9000/' } },
      [['auth-url', 'cluster', /no short name/, /auth\.default\.svc\.cluster\.local/]],
    ],
    [
      'auth-url with a half name',
      { annotations: { 'auth-url': 'http://auth.default.svc:9000/' } },
      [['auth-url', 'cluster', /no short name/]],
    ],
    ['auth-url with a variable', { annotations: { 'auth-url': 'http://$host/auth' } }, []],
    [
      'auth-url that is none',
      { annotations: { 'auth-url': 'auth' } },
      [['auth-url', 'cluster', /no URL with a host: every request is answered with 503/]],
    ],
    [
      'headers that nobody allows',
      { annotations: { 'custom-headers': 'default/headers' } },
      [
        [
          'custom-headers',
          'cluster',
          /does not allow the response header X-Own: .*503/,
          /global-allowed-response-headers/,
        ],
      ],
    ],
    ['gRPC', { annotations: { 'backend-protocol': 'GRPC' } }, [['backend-protocol', 'here', /GRPC is not spoken/]]],
  ];
  const around = [
    service('auth'),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'headers' }, data: { 'X-Own': '1' } },
  ];
  for (const [name, draft, told] of cases) {
    const problems = routeProblems([ingress(draft), ...around]);
    t.equal(problems.length, told.length, `${name}: ${JSON.stringify(problems)}`);
    for (const [i, [annotation, where, message, hint]] of told.entries()) {
      const problem = problems[i];
      t.equal(problem?.ref, 'Ingress/web', name);
      t.equal(problem?.annotation.replace('nginx.ingress.kubernetes.io/', ''), annotation, name);
      t.equal(problem?.where, where, name);
      t.match(problem?.message, message, name);
      t.ok((problem?.hint ?? '') !== '', `${name} has a cure`);
      if (hint !== undefined) t.match(problem?.hint, hint, name);
    }
  }
});

t.test('two Ingress objects with one host and path', async (t) => {
  const twice = routeProblems([ingress({}), ingress({ name: 'other' }), ingress({ name: 'third', host: 'b.test' })]);
  t.match(twice, [{ ref: 'Ingress/other', message: /Ingress\/web has this host and path/, where: 'cluster' }]);
  t.equal(twice.length, 1);
});

t.test('every annotation of ingress-nginx is followed, told or without effect, and none is two of them', async (t) => {
  for (const name of notFollowedHere.keys()) t.notOk(withoutEffectHere.has(name), name);
  const used = routeGroups.flatMap(({ ingresses }) =>
    ingresses.flatMap(({ annotations }) => Object.keys(annotations ?? {})),
  );
  for (const name of used)
    t.notOk(notFollowedHere.has(name) || withoutEffectHere.has(name), `${name} has cases, and is followed`);
});

t.test('objects of any shape are read', async (t) => {
  const odd = [
    { spec: undefined },
    { spec: { rules: 'none', tls: 3 } },
    { spec: { rules: [null, { host: 5, http: { paths: [null, { path: {}, backend: 'x' }] } }] } },
    { metadata: { name: 'x', annotations: { 'nginx.ingress.kubernetes.io/use-regex': true } } },
  ];
  for (const part of odd) {
    const object = { ...ingress({}), ...part } as unknown as KubeObject;
    t.ok(Array.isArray(routeProblems([object])));
  }
});

t.test('the cases that ingress-nginx does not take are all told', async (t) => {
  const group = routeGroups.find(({ name }) => name === 'values that are not taken')!;
  const objects = [...objectsOf(group, 'default'), service('auth'), service('web')];
  const refs = new Set(routeProblems(objects).map(({ ref }) => ref));
  t.equal(refs.size, group.ingresses.length);
});
