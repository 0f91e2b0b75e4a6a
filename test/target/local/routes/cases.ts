/**
 * One table of Ingress objects and requests, run against the gateway (annotations.test.ts) and through a cluster's ingress
 * (test/e2e/ingress-rules.test.ts). What is expected is what ingress-nginx 1.15 does; its documentation and template are the
 * source.
 */

import { request } from 'node:http';
import type { KubeObject } from '../../../../src/cli/target/manifests/kube-object.js';
import type { Echo } from './echo.js';

interface Rule {
  path: string;
  /** Prefix, where it is not said. */
  type?: 'Exact' | 'Prefix' | 'ImplementationSpecific';
  /** web, where it is not said. */
  service?: string;
}

interface IngressDraft {
  /** Undefined: any host. */
  host?: string;
  /** Without the prefix. */
  annotations?: Record<string, string>;
  rules?: Rule[];
  defaultBackend?: string;
  tls?: boolean;
}

export interface RouteCase {
  /** A path, or METHOD and a path. */
  ask: string;
  /** Where it is not the host of the group's first Ingress. */
  host?: string;
  headers?: Record<string, string>;
  bodyBytes?: number;
  /** 200, where it is not said. */
  status?: number;
  /** Who is reached; none where the status is another than 200. */
  service?: string;
  /** The target that arrives; the one that was asked for, where it is not said. */
  arrives?: string;
  /** Headers that arrive; null: none of that name. */
  received?: Record<string, string | null>;
  /** Headers of the answer; null: none of that name. */
  answered?: Record<string, string | null>;
  /** Why the cluster's stand-in for ingress-nginx answers otherwise: the case is left out there. */
  notOnStandIn?: string;
}

export interface RouteGroup {
  name: string;
  ingresses: IngressDraft[];
  cases: RouteCase[];
  /** Why the whole group is left out there: it would change the others. */
  notOnStandIn?: string;
}

const regex: Rule['type'] = 'ImplementationSpecific';
/** How `auth-url` names the Service of the tests; the namespace is filled in. */
const auth = (path: string) => `http://auth.NAMESPACE.svc.cluster.local:8003${path}`;
const big = 1024 * 1024 + 1;
const noFallThrough = 'it takes a rule of another kind where ingress-nginx has the default backend';
const ownRoot = "it has no location for / with the Ingress's annotations";
const noSlash = 'it does not redirect to a path with its slash';
const noNormalizing = 'it compares the path as Go reads it';
const fewOptions = 'it does not know the annotation';
const noRule = 'it knows the rule otherwise';

/** Every host is of one group alone, so that all of them can be there at once. */
export const routeGroups: RouteGroup[] = [
  {
    name: 'path types',
    ingresses: [
      {
        host: 'types.test',
        rules: [
          { path: '/exact', type: 'Exact', service: 'api' },
          { path: '/prefix', service: 'api' },
          { path: '/prefix/deep/er', service: 'web' },
          { path: '/specific', type: regex, service: 'api' },
          { path: '/both', service: 'web' },
          { path: '/both', type: 'Exact', service: 'api' },
          { path: '/slash/', service: 'api' },
        ],
      },
    ],
    cases: [
      { ask: '/exact', service: 'api' },
      { ask: '/exact/', status: 404 },
      { ask: '/exact/x', status: 404 },
      { ask: '/EXACT', status: 404 },
      { ask: '/prefix', service: 'api' },
      { ask: '/prefix/', service: 'api' },
      { ask: '/prefix/x?a=1&b=2', service: 'api' },
      { ask: '/prefixed', status: 404 },
      { ask: '/prefix/deep/er/x', service: 'web' },
      { ask: '/prefix/deep/erer', service: 'api' },
      { ask: '/specific/x', service: 'api' },
      { ask: '/specifically', status: 404, notOnStandIn: 'it takes ImplementationSpecific for a plain prefix' },
      { ask: '/both', service: 'api' },
      { ask: '/both/x', service: 'web' },
      { ask: '/slash/x', service: 'api' },
      {
        ask: '/slash?a=1',
        status: 301,
        answered: { location: 'http://types.test/slash/?a=1' },
        notOnStandIn: noSlash,
      },
      { ask: '/other', status: 404 },
      { ask: '/', status: 404 },
      { ask: '//prefix//x', service: 'api', notOnStandIn: noNormalizing },
      { ask: '/x/../prefix/./y', service: 'api', notOnStandIn: noNormalizing },
      { ask: '/pre%66ix/%7e', service: 'api', arrives: '/pre%66ix/%7e' },
      { ask: '/prefix/../../x', status: 400, notOnStandIn: noNormalizing },
      { ask: '/prefix/%zz', status: 400 },
    ],
  },
  {
    name: 'hosts',
    ingresses: [
      { host: 'one.hosts.test', rules: [{ path: '/', service: 'web' }] },
      { host: '*.hosts.test', rules: [{ path: '/', service: 'api' }] },
      { host: 'few.hosts.test', rules: [{ path: '/few', service: 'web' }] },
    ],
    cases: [
      { ask: '/', service: 'web', notOnStandIn: 'it puts no name before a wildcard' },
      { ask: '/', host: 'ONE.hosts.test', service: 'web', notOnStandIn: 'it compares hosts with their case' },
      { ask: '/', host: 'two.hosts.test', service: 'api' },
      { ask: '/', host: 'two.hosts.test:8080', service: 'api', received: { host: 'two.hosts.test:8080' } },
      { ask: '/', host: 'a.b.hosts.test', status: 404 },
      { ask: '/', host: 'hosts.test', status: 404 },
      { ask: '/few/x', host: 'few.hosts.test', service: 'web' },
      { ask: '/many', host: 'few.hosts.test', status: 404, notOnStandIn: noFallThrough },
    ],
  },
  {
    name: 'default backend of an Ingress',
    notOnStandIn: 'it takes the default backend for every host',
    ingresses: [{ host: 'default.test', rules: [{ path: '/api', service: 'api' }], defaultBackend: 'web' }],
    cases: [
      { ask: '/api/x', service: 'api' },
      { ask: '/x', service: 'web' },
    ],
  },
  {
    name: 'rewrite with groups',
    ingresses: [
      {
        host: 'rewrite.test',
        annotations: { 'rewrite-target': '/$2', 'use-regex': 'true' },
        rules: [{ path: '/something(/|$)(.*)', type: regex, service: 'api' }],
      },
    ],
    cases: [
      { ask: '/something', service: 'api', arrives: '/' },
      { ask: '/something/', service: 'api', arrives: '/' },
      { ask: '/something/new', service: 'api', arrives: '/new' },
      { ask: '/something/new/er?a=b', service: 'api', arrives: '/new/er?a=b' },
      { ask: '/SomeThing/New', service: 'api', arrives: '/New' },
      { ask: '/somethingelse', status: 404 },
      { ask: '/before/something/x', status: 404 },
      { ask: '/something/a%20b%2Fc', service: 'api', arrives: '/a%20b/c' },
      { ask: '/something/%D1%8F', service: 'api', arrives: '/%D1%8F' },
      { ask: '/something/100%25', service: 'api', arrives: '/100%25' },
    ],
  },
  {
    name: 'rewrite to one path',
    ingresses: [
      {
        host: 'static.test',
        annotations: { 'rewrite-target': '/new/backend' },
        rules: [{ path: '/old', service: 'api' }],
      },
    ],
    cases: [
      { ask: '/old', service: 'api', arrives: '/new/backend' },
      { ask: '/old/x?q=1', service: 'api', arrives: '/new/backend?q=1' },
      { ask: '/older', service: 'api', arrives: '/new/backend' },
    ],
  },
  {
    name: 'rewrite as homework has it',
    ingresses: [
      {
        host: 'homework.test',
        annotations: { 'rewrite-target': '/$1' },
        rules: [{ path: '/otusapp/[a-z]+/(.*)', type: regex, service: 'api' }],
      },
      { host: 'homework.test', rules: [{ path: '/health', service: 'web' }] },
    ],
    cases: [
      { ask: '/otusapp/ivan/users/1', service: 'api', arrives: '/users/1' },
      { ask: '/otusapp/Ivan/', service: 'api', arrives: '/' },
      { ask: '/otusapp/42/users', status: 404 },
      { ask: '/health', service: 'web', arrives: '/health' },
      { ask: '/healthy', service: 'web', arrives: '/healthy' },
      { ask: '/HEALTH/x', service: 'web', arrives: '/HEALTH/x' },
    ],
  },
  {
    name: 'a group has one digit',
    ingresses: [
      {
        host: 'digit.test',
        annotations: { 'rewrite-target': '/$12' },
        rules: [{ path: '/d/([a-z]+)', type: regex, service: 'api' }],
      },
    ],
    cases: [{ ask: '/d/x', service: 'api', arrives: '/x2' }],
  },
  {
    name: 'default backend of the second Ingress of a host',
    notOnStandIn: 'it takes the default backend for every host',
    ingresses: [
      { host: 'second.test', rules: [{ path: '/one', service: 'web' }] },
      { host: 'second.test', rules: [{ path: '/two', service: 'web' }], defaultBackend: 'api' },
    ],
    cases: [
      { ask: '/two', service: 'web' },
      { ask: '/three', status: 404 },
    ],
  },
  {
    name: 'two groups, the longer path first',
    ingresses: [
      {
        host: 'groups.test',
        annotations: { 'rewrite-target': '/$1/of/$2' },
        rules: [
          { path: '/v(\\d+)/(users|orders)', type: regex, service: 'api' },
          { path: '/v1/users', type: regex, service: 'web' },
        ],
      },
    ],
    cases: [
      { ask: '/v2/orders', service: 'api', arrives: '/2/of/orders' },
      { ask: '/v1/users', service: 'api', arrives: '/1/of/users' },
      { ask: '/v12/users/7', service: 'api', arrives: '/12/of/users' },
    ],
  },
  {
    name: 'regular expressions, in the order of their lengths',
    ingresses: [
      {
        host: 'regex.test',
        annotations: { 'use-regex': 'true' },
        rules: [
          { path: '/foo/bar/bar', service: 'web' },
          { path: '/foo/bar/[A-Z0-9]{3}', type: regex, service: 'api' },
          { path: '/id/[0-9]+$', type: regex, service: 'api' },
          { path: '/(?!private)[a-z]+/open', type: regex, service: 'web' },
          { path: '/a1|/b1', type: regex, service: 'api' },
        ],
      },
      { host: 'regex.test', rules: [{ path: '/plain', type: 'Exact', service: 'web' }] },
    ],
    cases: [
      { ask: '/foo/bar/bar', service: 'api' },
      { ask: '/foo/bar/b', status: 404 },
      { ask: '/id/12', service: 'api' },
      { ask: '/id/12a', status: 404 },
      { ask: '/some/open', service: 'web', notOnStandIn: "Go's expressions look at nothing ahead" },
      { ask: '/private/open', status: 404 },
      { ask: '/x/b1', service: 'api' },
      { ask: '/x/a1', status: 404 },
      { ask: '/plain', service: 'web' },
      { ask: '/PLAINly', service: 'web' },
    ],
  },
  {
    name: 'a prefix becomes two expressions where another Ingress has one',
    ingresses: [
      {
        host: 'docs.test',
        rules: [
          { path: '/foo/bar', service: 'web' },
          { path: '/foo/bar/', service: 'auth' },
        ],
      },
      {
        host: 'docs.test',
        annotations: { 'rewrite-target': '/status/200/$1' },
        rules: [{ path: '/foo/bar/(.+)', type: regex, service: 'api' }],
      },
    ],
    cases: [
      { ask: '/foo/bar/1', service: 'api', arrives: '/status/200/1' },
      { ask: '/foo/bar', service: 'web' },
      { ask: '/foo/bar/', headers: { 'x-user': 'ann' }, service: 'auth' },
      { ask: '/foo/bars', service: 'web' },
    ],
  },
  {
    name: 'app-root',
    ingresses: [{ host: 'root.test', annotations: { 'app-root': '/app1' }, rules: [{ path: '/', service: 'web' }] }],
    cases: [
      {
        ask: '/',
        status: 302,
        answered: { location: 'http://root.test/app1' },
        notOnStandIn: 'it answers with a path alone',
      },
      {
        ask: '/?a=1',
        host: 'root.test:81',
        status: 302,
        answered: { location: 'http://root.test:81/app1' },
        notOnStandIn: 'it answers with a path alone',
      },
      { ask: '/app1', service: 'web' },
    ],
  },
  {
    name: 'permanent-redirect',
    ingresses: [
      {
        host: 'moved.test',
        annotations: { 'permanent-redirect': 'https://example.com/new?a=1' },
        rules: [{ path: '/old' }],
      },
    ],
    cases: [
      { ask: '/old/x', status: 301, answered: { location: 'https://example.com/new?a=1' } },
      { ask: '/other', status: 301, answered: { location: 'https://example.com/new?a=1' }, notOnStandIn: ownRoot },
    ],
  },
  {
    name: 'codes of redirects',
    ingresses: [
      {
        host: 'code.test',
        annotations: { 'permanent-redirect': 'https://example.com', 'permanent-redirect-code': '308' },
        rules: [{ path: '/' }],
      },
      {
        host: 'wrong-code.test',
        annotations: { 'permanent-redirect': 'https://example.com', 'permanent-redirect-code': '200' },
        rules: [{ path: '/' }],
      },
      {
        host: 'temporal.test',
        annotations: { 'temporal-redirect': 'http://example.com/t', 'permanent-redirect': 'https://example.com/p' },
        rules: [{ path: '/' }],
      },
      {
        host: 'temporal-code.test',
        annotations: { 'temporal-redirect': 'http://example.com/t', 'temporal-redirect-code': '307' },
        rules: [{ path: '/' }],
      },
    ],
    cases: [
      { ask: '/', status: 308, answered: { location: 'https://example.com' }, notOnStandIn: fewOptions },
      { ask: '/', host: 'wrong-code.test', status: 301, answered: { location: 'https://example.com' } },
      {
        ask: '/',
        host: 'temporal.test',
        status: 302,
        answered: { location: 'http://example.com/t' },
        notOnStandIn: fewOptions,
      },
      { ask: '/', host: 'temporal-code.test', status: 307, notOnStandIn: fewOptions },
    ],
  },
  {
    name: 'redirects to https',
    ingresses: [
      { host: 'tls.test', tls: true, rules: [{ path: '/', service: 'web' }] },
      {
        host: 'tls-off.test',
        tls: true,
        annotations: { 'ssl-redirect': 'false' },
        rules: [{ path: '/', service: 'web' }],
      },
      { host: 'forced.test', annotations: { 'force-ssl-redirect': 'true' }, rules: [{ path: '/', service: 'web' }] },
      { host: 'no-tls.test', annotations: { 'ssl-redirect': 'true' }, rules: [{ path: '/', service: 'web' }] },
      {
        host: 'kept.test',
        annotations: { 'force-ssl-redirect': 'true', 'preserve-trailing-slash': 'true' },
        rules: [{ path: '/', service: 'web' }],
      },
    ],
    cases: [
      { ask: '/a?b=1', status: 308, answered: { location: 'https://tls.test/a?b=1' } },
      { ask: '/a', host: 'tls-off.test', service: 'web' },
      { ask: '/a', host: 'forced.test', status: 308, answered: { location: 'https://forced.test/a' } },
      {
        ask: '/a/',
        host: 'forced.test:8080',
        status: 308,
        answered: { location: 'https://forced.test/a' },
        notOnStandIn: noRule,
      },
      { ask: '/a', host: 'no-tls.test', service: 'web' },
      { ask: '/a/', host: 'kept.test', status: 308, answered: { location: 'https://kept.test/a/' } },
    ],
  },
  {
    name: 'auth-url',
    ingresses: [
      {
        host: 'auth.test',
        annotations: {
          'auth-url': auth('/user?from=ingress'),
          'auth-response-headers':
            'X-Auth-User, X-Asked-Path, X-Asked-Url, X-Asked-Original-Method, X-Asked-Redirect, X-Asked-Method, X-Asked-Host, X-Asked-Length, X-Asked-Cookie, X-Not-There',
        },
        rules: [{ path: '/', service: 'api' }],
      },
    ],
    cases: [
      { ask: '/x', status: 401 },
      { ask: '/x', headers: { 'x-auth-user': 'forged' }, status: 401 },
      {
        ask: '/x/y?z=1',
        headers: { 'x-user': 'ann', 'x-auth-user': 'forged', 'x-not-there': 'forged', cookie: 'c=1' },
        service: 'api',
        received: {
          'x-auth-user': 'user ann',
          'x-not-there': null,
          'x-asked-path': '/user?from=ingress',
          'x-asked-url': 'http://auth.test/x/y?z=1',
          'x-asked-original-method': 'GET',
          'x-asked-method': 'GET',
          'x-asked-redirect': '/x/y?z=1',
          'x-asked-cookie': 'c=1',
          'x-user': 'ann',
        },
      },
      {
        ask: 'POST /x',
        headers: { 'x-user': 'ann' },
        bodyBytes: 1000,
        service: 'api',
        received: { 'x-asked-method': 'GET', 'x-asked-original-method': 'POST', 'x-asked-length': 'none' },
      },
      {
        ask: '/x',
        headers: { 'x-user': 'ann' },
        service: 'api',
        received: { 'x-asked-host': 'auth.NAMESPACE.svc.cluster.local' },
        answered: { 'set-cookie': 'session=ann' },
        notOnStandIn: 'it names the port of auth-url, and keeps its cookies',
      },
    ],
  },
  {
    name: 'answers of auth-url',
    ingresses: [401, 403, 204, 302, 404, 500].map((status) => ({
      host: `auth-${status}.test`,
      annotations: { 'auth-url': auth(`/status/${status}`) },
      rules: [{ path: '/', service: 'web' }],
    })),
    cases: [
      { ask: '/', host: 'auth-401.test', status: 401 },
      {
        ask: '/',
        host: 'auth-401.test',
        status: 401,
        answered: { 'www-authenticate': 'Bearer realm="tests"' },
        notOnStandIn: 'it does not pass WWW-Authenticate on',
      },
      { ask: '/', host: 'auth-403.test', status: 403 },
      { ask: '/', host: 'auth-204.test', service: 'web' },
      { ask: '/', host: 'auth-302.test', status: 500 },
      { ask: '/', host: 'auth-404.test', status: 500 },
      { ask: '/', host: 'auth-500.test', status: 500 },
    ],
  },
  {
    name: 'auth-url that leads nowhere',
    ingresses: [
      {
        host: 'auth-gone.test',
        annotations: { 'auth-url': 'http://gone.NAMESPACE.svc.cluster.local:1/' },
        rules: [{ path: '/', service: 'web' }],
      },
      {
        host: 'auth-bad.test',
        annotations: { 'auth-url': 'https://invalid..auth.url' },
        rules: [{ path: '/', service: 'web' }],
      },
    ],
    cases: [
      { ask: '/', host: 'auth-gone.test', status: 500 },
      { ask: '/', host: 'auth-bad.test', status: 503, notOnStandIn: noRule },
    ],
  },
  {
    name: 'auth-signin',
    ingresses: [
      {
        host: 'signin.test',
        annotations: { 'auth-url': auth('/user'), 'auth-signin': 'http://login.test/start' },
        rules: [{ path: '/', service: 'web' }],
      },
      {
        host: 'signin-query.test',
        annotations: {
          'auth-url': auth('/user'),
          'auth-signin': 'http://$host/start?app=1',
          'auth-signin-redirect-param': 'orig',
        },
        rules: [{ path: '/', service: 'web' }],
      },
      {
        host: 'signin-own.test',
        annotations: { 'auth-url': auth('/user'), 'auth-signin': 'http://$host/start?rd=$escaped_request_uri' },
        rules: [{ path: '/', service: 'web' }],
      },
    ],
    cases: [
      {
        ask: '/a?b=c&d',
        status: 302,
        answered: { location: 'http://login.test/start?rd=http://signin.test%2Fa%3Fb%3Dc%26d' },
        notOnStandIn: 'it escapes the whole of rd',
      },
      {
        ask: '/a',
        host: 'signin-query.test',
        status: 302,
        answered: { location: 'http://signin-query.test/start?app=1&orig=http://signin-query.test%2Fa' },
        notOnStandIn: fewOptions,
      },
      {
        ask: '/a',
        host: 'signin-own.test',
        status: 302,
        answered: { location: 'http://signin-own.test/start?rd=%2Fa' },
        notOnStandIn: fewOptions,
      },
      { ask: '/a', headers: { 'x-user': 'ann' }, service: 'web' },
    ],
  },
  {
    name: 'auth-method, auth-request-redirect, a path of its own',
    ingresses: [
      {
        host: 'auth-post.test',
        annotations: {
          'auth-url': auth('/user'),
          'auth-method': 'POST',
          'auth-request-redirect': '/back',
          'auth-response-headers': 'X-Asked-Method,X-Asked-Redirect',
        },
        rules: [{ path: '/', service: 'web' }],
      },
      {
        host: 'auth-rewrite.test',
        annotations: { 'auth-url': auth('/user'), 'auth-response-headers': 'X-Asked-Url', 'rewrite-target': '/$1' },
        rules: [{ path: '/app/(.*)', type: regex, service: 'web' }],
      },
    ],
    cases: [
      {
        ask: '/',
        headers: { 'x-user': 'ann' },
        service: 'web',
        received: { 'x-asked-method': 'POST', 'x-asked-redirect': '/back' },
        notOnStandIn: fewOptions,
      },
      {
        ask: '/app/orders?n=1',
        host: 'auth-rewrite.test',
        headers: { 'x-user': 'ann' },
        service: 'web',
        arrives: '/orders?n=1',
        received: { 'x-asked-url': 'http://auth-rewrite.test/app/orders?n=1' },
      },
      { ask: '/other', host: 'auth-rewrite.test', status: 401, notOnStandIn: ownRoot },
    ],
  },
  {
    name: 'CORS',
    ingresses: [
      { host: 'cors.test', annotations: { 'enable-cors': 'true' }, rules: [{ path: '/', service: 'web' }] },
      {
        host: 'cors-few.test',
        annotations: {
          'enable-cors': 'true',
          'cors-allow-origin': 'https://*.origin.test, http://one.test:8080',
          'cors-allow-methods': 'GET, POST',
          'cors-allow-headers': 'X-One, X-Two',
          'cors-expose-headers': 'X-Shown',
          'cors-allow-credentials': 'false',
          'cors-max-age': '600',
        },
        rules: [{ path: '/', service: 'web' }],
      },
      { host: 'cors-off.test', rules: [{ path: '/', service: 'web' }] },
    ],
    cases: [
      {
        ask: 'OPTIONS /x',
        headers: { origin: 'http://a.test', 'access-control-request-method': 'PUT' },
        status: 204,
        answered: {
          'access-control-allow-origin': '*',
          'access-control-allow-credentials': 'true',
          'access-control-allow-methods': 'GET, PUT, POST, DELETE, PATCH, OPTIONS',
          'access-control-allow-headers':
            'DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization',
        },
      },
      {
        ask: 'OPTIONS /x',
        status: 204,
        answered: { 'access-control-max-age': '1728000', 'content-type': 'text/plain charset=UTF-8' },
        notOnStandIn: fewOptions,
      },
      { ask: '/x', service: 'web', answered: { 'access-control-allow-origin': '*' } },
      {
        ask: '/x',
        host: 'cors-few.test',
        headers: { origin: 'https://sub.origin.test' },
        service: 'web',
        answered: {
          'access-control-allow-origin': 'https://sub.origin.test',
          'access-control-allow-methods': 'GET, POST',
          'access-control-allow-headers': 'X-One, X-Two',
          'access-control-expose-headers': 'X-Shown',
          'access-control-allow-credentials': null,
          'access-control-max-age': '600',
        },
        notOnStandIn: fewOptions,
      },
      {
        ask: 'OPTIONS /x',
        host: 'cors-few.test',
        headers: { origin: 'http://one.test:8080' },
        status: 204,
        answered: { 'access-control-allow-origin': 'http://one.test:8080' },
        notOnStandIn: fewOptions,
      },
      {
        ask: '/x',
        host: 'cors-few.test',
        headers: { origin: 'http://one.test' },
        service: 'web',
        answered: { 'access-control-allow-origin': 'http://of-the-service.test' },
        notOnStandIn: fewOptions,
      },
      {
        ask: '/x',
        host: 'cors-few.test',
        headers: { origin: 'http://one.test:8080.evil.test' },
        service: 'web',
        answered: { 'access-control-allow-origin': 'http://of-the-service.test' },
        notOnStandIn: fewOptions,
      },
      {
        ask: 'OPTIONS /x',
        host: 'cors-few.test',
        headers: { origin: 'https://a.b.origin.test' },
        service: 'web',
        notOnStandIn: fewOptions,
      },
      { ask: 'OPTIONS /x', host: 'cors-off.test', service: 'web' },
    ],
  },
  {
    name: 'CORS with auth-url: the preflight is not asked for, a refusal has the headers',
    ingresses: [
      {
        host: 'cors-auth.test',
        annotations: { 'enable-cors': 'true', 'auth-url': auth('/user') },
        rules: [{ path: '/', service: 'web' }],
      },
    ],
    cases: [
      { ask: 'OPTIONS /x', status: 204, answered: { 'access-control-allow-origin': '*' } },
      {
        ask: '/x',
        status: 401,
        answered: { 'access-control-allow-origin': '*' },
        notOnStandIn: 'its refusals have no headers of CORS',
      },
    ],
  },
  {
    name: 'size of the body',
    ingresses: [
      { host: 'body.test', rules: [{ path: '/', service: 'web' }] },
      { host: 'body-8k.test', annotations: { 'proxy-body-size': '8k' }, rules: [{ path: '/', service: 'web' }] },
      { host: 'body-2m.test', annotations: { 'proxy-body-size': '2m' }, rules: [{ path: '/', service: 'web' }] },
      { host: 'body-any.test', annotations: { 'proxy-body-size': '0' }, rules: [{ path: '/', service: 'web' }] },
    ],
    cases: [
      { ask: 'POST /', bodyBytes: big - 1, service: 'web' },
      { ask: 'POST /', bodyBytes: big, status: 413 },
      { ask: 'PUT /', host: 'body-8k.test', bodyBytes: 8192, service: 'web' },
      { ask: 'PUT /', host: 'body-8k.test', bodyBytes: 8193, status: 413 },
      { ask: 'POST /', host: 'body-2m.test', bodyBytes: big, service: 'web' },
      { ask: 'POST /', host: 'body-any.test', bodyBytes: 3 * big, service: 'web' },
    ],
  },
  {
    name: 'upstream-vhost, x-forwarded-prefix, server-alias',
    ingresses: [
      {
        host: 'vhost.test',
        annotations: { 'upstream-vhost': 'inner.example' },
        rules: [{ path: '/', service: 'web' }],
      },
      {
        host: 'vhost-of-service.test',
        annotations: { 'upstream-vhost': '$service_name.$namespace.svc' },
        rules: [{ path: '/', service: 'web' }],
      },
      {
        host: 'forwarded.test',
        annotations: { 'x-forwarded-prefix': '/$1', 'rewrite-target': '/$2' },
        rules: [{ path: '/(app)(.*)', type: regex, service: 'web' }],
      },
      {
        host: 'named.test',
        annotations: { 'server-alias': 'other.named.test, *.alias.named.test' },
        rules: [{ path: '/', service: 'web' }],
      },
    ],
    cases: [
      { ask: '/x', service: 'web', received: { host: 'inner.example' } },
      {
        ask: '/x',
        host: 'vhost-of-service.test',
        service: 'web',
        received: { host: 'web.NAMESPACE.svc' },
        notOnStandIn: 'it knows no variables',
      },
      {
        ask: '/app/x',
        host: 'forwarded.test',
        service: 'web',
        arrives: '//x',
        received: { 'x-forwarded-prefix': '/app' },
        notOnStandIn: fewOptions,
      },
      { ask: '/x', host: 'other.named.test', service: 'web', notOnStandIn: fewOptions },
      { ask: '/x', host: 'a.b.alias.named.test', service: 'web', notOnStandIn: fewOptions },
    ],
  },
  {
    name: 'values that are not taken',
    ingresses: [
      {
        host: 'bad-rewrite.test',
        annotations: { 'rewrite-target': '/$1?x=1' },
        rules: [{ path: '/p', service: 'web' }],
      },
      { host: 'bad-flag.test', annotations: { 'force-ssl-redirect': 'yes' }, rules: [{ path: '/p', service: 'web' }] },
      {
        host: 'bad-redirect.test',
        annotations: { 'permanent-redirect': 'https://example.com$request_uri' },
        rules: [{ path: '/p', service: 'web' }],
      },
      {
        host: 'bad-headers.test',
        annotations: { 'auth-url': auth('/status/200'), 'auth-response-headers': 'X-One, b@d' },
        rules: [{ path: '/p', service: 'web' }],
      },
    ],
    cases: [
      { ask: '/p/x', service: 'web', notOnStandIn: 'it checks no values' },
      { ask: '/px', status: 404, notOnStandIn: 'it checks no values' },
      { ask: '/p', host: 'bad-flag.test', service: 'web' },
      { ask: '/p', host: 'bad-redirect.test', status: 404, notOnStandIn: 'it checks no values' },
      { ask: '/p', host: 'bad-headers.test', status: 503, notOnStandIn: 'it checks no values' },
    ],
  },
  {
    name: 'a Service without anybody',
    ingresses: [
      {
        host: 'gone.test',
        rules: [
          { path: '/', service: 'web' },
          { path: '/gone', service: 'gone' },
        ],
      },
    ],
    cases: [
      { ask: '/gone/x', status: 503 },
      { ask: '/x', service: 'web' },
    ],
  },
  {
    name: 'what a service sees of its client',
    ingresses: [{ host: 'seen.test', rules: [{ path: '/', service: 'web' }] }],
    cases: [
      {
        ask: '/x',
        headers: { 'x-forwarded-for': '192.0.2.1', 'x-real-ip': '192.0.2.2', 'x-forwarded-proto': 'https' },
        service: 'web',
        received: {
          host: 'seen.test',
          'x-forwarded-host': 'seen.test',
          'x-forwarded-proto': 'http',
          'x-forwarded-scheme': 'http',
          'x-scheme': 'http',
        },
        notOnStandIn: 'it adds fewer headers',
      },
    ],
  },
];

/** The objects of a group in a namespace: its Ingresses, named after their group, and the three Services. */
export function objectsOf(group: RouteGroup, namespace: string): KubeObject[] {
  const slug = group.name
    .replace(/[^a-z]+/gi, '-')
    .toLowerCase()
    .slice(0, 40);
  return group.ingresses.map((draft, i) => {
    const backend = (name: string) => ({ service: { name, port: { number: servicePorts[name] ?? 80 } } });
    const paths = (draft.rules ?? []).map(({ path, type = 'Prefix', service = 'web' }) => {
      return { path, pathType: type, backend: backend(service) };
    });
    const annotations = Object.entries(draft.annotations ?? {}).map(([name, value]) => {
      return [`nginx.ingress.kubernetes.io/${name}`, value.replaceAll('NAMESPACE', namespace)];
    });
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: `${slug}-${i}`, namespace, annotations: Object.fromEntries(annotations) },
      spec: {
        ingressClassName: 'nginx',
        ...(draft.tls === true ? { tls: [{ hosts: [draft.host] }] } : {}),
        ...(draft.defaultBackend === undefined ? {} : { defaultBackend: backend(draft.defaultBackend) }),
        rules: [{ host: draft.host, http: { paths } }],
      },
    };
  });
}

/** Ports of the Services; `gone` has no object. */
const servicePorts: Record<string, number> = { web: 8001, api: 8002, auth: 8003 };

export interface Response {
  status: number;
  /** Lower case. */
  headers: Record<string, string | undefined>;
  body: string;
}

/** What of an answer is not as a case expects it; empty where all is. */
export function differences(one: RouteCase, { status, headers, body }: Response, namespace: string): string[] {
  const found: string[] = [];
  const compare = (what: string, actual: unknown, expected: unknown) => {
    const wanted = typeof expected === 'string' ? expected.replaceAll('NAMESPACE', namespace) : expected;
    if ((actual ?? null) !== wanted)
      found.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`);
  };
  compare('status', status, one.status ?? 200);
  for (const [name, value] of Object.entries(one.answered ?? {})) compare(`answered ${name}`, headers[name], value);
  if (one.service === undefined || found.length > 0) return found;
  const echo = JSON.parse(body) as Echo;
  const { method, target } = asked(one);
  compare('service', echo.service, one.service);
  compare('method', echo.method, method);
  compare('arrives', echo.path, one.arrives ?? target);
  compare('body', echo.bodyBytes, one.bodyBytes ?? 0);
  for (const [name, value] of Object.entries(one.received ?? {}))
    compare(`received ${name}`, echo.headers[name], value);
  return found;
}

/** The method and the target of a case. */
function asked({ ask }: RouteCase): { method: string; target: string } {
  const [first = '', second] = ask.split(' ');
  return second === undefined ? { method: 'GET', target: first } : { method: first, target: second };
}

/** Sends a case's request to a gateway or a controller. */
export function send(at: { host: string; port: number }, group: RouteGroup, one: RouteCase): Promise<Response> {
  const { method, target } = asked(one);
  const headers: Record<string, string | number> = { host: one.host ?? group.ingresses[0]?.host ?? '', ...one.headers };
  if (one.bodyBytes !== undefined) headers['content-length'] = one.bodyBytes;
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...at, method, path: target, headers, agent: false, timeout: 20_000 }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        body += chunk;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const all = Object.entries(answer.headers).map(([name, value]) => [name, value?.toString()]);
        resolve({ status: answer.statusCode ?? 0, headers: Object.fromEntries(all), body });
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 20 s')));
    outgoing.on('error', reject);
    outgoing.end(one.bodyBytes === undefined ? undefined : Buffer.alloc(one.bodyBytes, 'x'));
  });
}
