/**
 * Every annotation of ingress-nginx 1.15 that the gateway does not follow. Those that it follows are read in
 * ingress-options.ts. https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
 */

/** They change nothing of what is answered and by whom where each workload is one process of this machine. */
export const withoutEffectHere: ReadonlySet<string> = new Set([
  'affinity',
  'affinity-canary-behavior',
  'affinity-mode',
  'auth-keepalive',
  'auth-keepalive-requests',
  'auth-keepalive-share-vars',
  'auth-keepalive-timeout',
  'client-body-buffer-size',
  'connection-proxy-header',
  'enable-access-log',
  'enable-global-auth',
  'enable-opentelemetry',
  'enable-rewrite-log',
  'http2-push-preload',
  'load-balance',
  'opentelemetry-operation-name',
  'opentelemetry-trust-incoming-span',
  'proxy-buffer-size',
  'proxy-buffering',
  'proxy-buffers-number',
  'proxy-busy-buffers-size',
  'proxy-connect-timeout',
  'proxy-http-version',
  'proxy-max-temp-file-size',
  'proxy-next-upstream',
  'proxy-next-upstream-timeout',
  'proxy-next-upstream-tries',
  'proxy-request-buffering',
  'proxy-send-timeout',
  'proxy-ssl-ciphers',
  'proxy-ssl-name',
  'proxy-ssl-protocols',
  'proxy-ssl-server-name',
  'service-upstream',
  'session-cookie-change-on-failure',
  'session-cookie-conditional-samesite-none',
  'session-cookie-domain',
  'session-cookie-expires',
  'session-cookie-max-age',
  'session-cookie-name',
  'session-cookie-path',
  'session-cookie-samesite',
  'session-cookie-secure',
  'ssl-ciphers',
  'ssl-prefer-server-ciphers',
  'upstream-hash-by',
  'upstream-hash-by-subset',
  'upstream-hash-by-subset-size',
]);

/** What differs here, and what to do about it. */
interface NotHere {
  message: string;
  hint: string;
}

const onCluster = 'Try what depends on it with --target kube';
const snippet = {
  message:
    'nginx directives are not read here, and ingress-nginx refuses an Ingress with them unless its administrator allows them',
  hint: 'Say it with annotations, or in the service; for the cluster: allow-snippet-annotations in the ConfigMap of the controller',
};
const password = {
  message: 'no password is asked for here',
  hint: onCluster,
};
const certificate = {
  message: 'no client certificate is asked for here: the gateway serves plain HTTP',
  hint: onCluster,
};
const canary = {
  message: 'requests are not divided here: all of them go to the main Ingress',
  hint: onCluster,
};
const addresses = { message: 'every client is this machine here: no address is let in or kept out', hint: onCluster };
const limit = {
  message: 'nothing is limited here',
  hint: 'A load test meets the limit on the cluster alone (--target kube)',
};
const errors = { message: 'error pages are not replaced here: answers pass as they are', hint: onCluster };
const mirror = { message: 'requests are not mirrored here', hint: onCluster };
const firewall = { message: 'there is no ModSecurity here', hint: onCluster };
const cookies = {
  message: 'Set-Cookie passes as the service wrote it',
  hint: 'Have the service set the path and the domain, or try it with --target kube',
};
const locations = {
  message: 'Location passes as the service wrote it',
  hint: 'Have the service write it as clients see it, or try it with --target kube',
};
const backendTls = {
  message: 'no certificate is shown to the service, and none of its own is checked',
  hint: onCluster,
};
const cached = {
  message: 'auth-url is asked for every request here, its answers are not kept',
  hint: 'No difference but in how often it is asked',
};
const fastCgi = { message: 'FastCGI is not spoken here', hint: onCluster };

/** They change what is answered or by whom, and are not followed here. */
export const notFollowedHere: ReadonlyMap<string, NotHere> = new Map([
  ['allowlist-source-range', addresses],
  ['auth-cache-duration', cached],
  ['auth-cache-key', cached],
  ['auth-realm', password],
  ['auth-secret', password],
  ['auth-secret-type', password],
  ['auth-snippet', snippet],
  ['auth-tls-error-page', certificate],
  ['auth-tls-match-cn', certificate],
  ['auth-tls-pass-certificate-to-upstream', certificate],
  ['auth-tls-secret', certificate],
  ['auth-tls-verify-client', certificate],
  ['auth-tls-verify-depth', certificate],
  ['auth-type', password],
  ['canary', canary],
  ['canary-by-cookie', canary],
  ['canary-by-header', canary],
  ['canary-by-header-pattern', canary],
  ['canary-by-header-value', canary],
  ['canary-weight', canary],
  ['canary-weight-total', canary],
  ['configuration-snippet', snippet],
  ['custom-http-errors', errors],
  [
    'default-backend',
    { message: 'where the Service has no process, the answer is 503 and not that of another Service', hint: onCluster },
  ],
  ['denylist-source-range', addresses],
  ['disable-proxy-intercept-errors', errors],
  ['enable-modsecurity', firewall],
  ['enable-owasp-core-rules', firewall],
  ['fastcgi-index', fastCgi],
  ['fastcgi-params-configmap', fastCgi],
  [
    'from-to-www-redirect',
    { message: 'the host with or without www. is not redirected to the other one', hint: onCluster },
  ],
  ['limit-allowlist', limit],
  ['limit-burst-multiplier', limit],
  ['limit-connections', limit],
  ['limit-rate', limit],
  ['limit-rate-after', limit],
  ['limit-rpm', limit],
  ['limit-rps', limit],
  ['limit-whitelist', limit],
  ['mirror-host', mirror],
  ['mirror-request-body', mirror],
  ['mirror-target', mirror],
  ['modsecurity-snippet', snippet],
  ['modsecurity-transaction-id', firewall],
  ['proxy-cookie-domain', cookies],
  ['proxy-cookie-path', cookies],
  ['proxy-redirect-from', locations],
  ['proxy-redirect-to', locations],
  ['proxy-ssl-secret', backendTls],
  ['proxy-ssl-verify', backendTls],
  ['proxy-ssl-verify-depth', backendTls],
  ['satisfy', { message: 'auth-url alone decides here', hint: onCluster }],
  ['server-snippet', snippet],
  ['ssl-passthrough', { message: 'TLS is not passed through: the gateway serves plain HTTP', hint: onCluster }],
  ['stream-snippet', snippet],
  ['use-port-in-redirects', { message: 'redirects to https name no port', hint: onCluster }],
  ['whitelist-source-range', addresses],
]);
