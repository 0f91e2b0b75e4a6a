/** An image's reference in its parts (the grammar of github.com/distribution/reference). */
export interface ImageReference {
  /** `docker.io`, `ghcr.io`, `localhost:5000`. */
  registry: string;
  /** `library/postgres`, `bitnami/redis`. */
  repository: string;
  tag: string | undefined;
  digest: string | undefined;
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`);
const hubs = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']);

/** The parts of a reference; undefined for what no registry can have (capitals, blanks, a placeholder that was not filled). */
export function readImage(reference: string): ImageReference | undefined {
  const [path = '', digest, ...more] = reference.split('@');
  if (more.length > 0 || (digest !== undefined && !/^[a-z0-9+.-]+:[0-9a-fA-F]{32,}$/.test(digest))) return undefined;
  const colon = path.lastIndexOf(':');
  const isTag = colon > path.lastIndexOf('/');
  const [name, tag] = isTag ? [path.slice(0, colon), path.slice(colon + 1)] : [path, undefined];
  if (tag !== undefined && !/^[A-Za-z0-9_][\w.-]{0,127}$/.test(tag)) return undefined;
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasRegistry = /[.:]/.test(first) || first === 'localhost';
  const registry = hasRegistry ? first : 'docker.io';
  if (!/^[a-zA-Z0-9.-]+(:\d+)?$/.test(registry)) return undefined;
  const rest = hasRegistry ? name.slice(slash + 1) : name;
  const isHub = hubs.has(registry);
  if (!repositoryPattern.test(rest)) return undefined;
  return {
    registry: isHub ? 'docker.io' : registry,
    repository: isHub && !rest.includes('/') ? `library/${rest}` : rest,
    tag,
    digest,
  };
}

/** Whether two references mean one image: a tag or digest that either leaves out is no difference. */
export function isSameImage(a: string, b: string): boolean {
  const [one, other] = [readImage(a), readImage(b)];
  if (one === undefined || other === undefined) return a === b;
  const fits = (x: string | undefined, y: string | undefined) => x === undefined || y === undefined || x === y;
  return (
    one.registry === other.registry &&
    one.repository === other.repository &&
    fits(one.tag, other.tag) &&
    fits(one.digest, other.digest)
  );
}

/** Every name that Docker Hub has without an owner: the official images (github.com/docker-library/official-images), past ones, too. */
const official = new Set(
  `adminer aerospike almalinux alpine alt amazoncorretto amazonlinux api-firewall arangodb archlinux backdrop bash bonita
  buildpack-deps busybox caddy cassandra celery centos chronograf cirros clearlinux clefos clickhouse clojure composer
  consul convertigo couchbase couchdb crate crux dart debian debian-debootstrap django docker drupal eclipse-mosquitto
  eclipse-temurin eggdrop elasticsearch elixir emqx erlang euleros express-gateway fedora flink fluentd friendica fsharp
  gazebo gcc geonetwork ghost glassfish golang gradle groovy haproxy haskell haxe hello-seattle hello-world hipache
  hitch hola-mundo hylang ibm-semeru-runtimes ibmjava influxdb iojs irssi java jenkins jetty jobber joomla jruby julia
  kaazing-gateway kapacitor kibana known kong krakend lightstreamer liquibase logstash mageia mariadb matomo maven
  mediawiki memcached metabase mongo mongo-express monica mono mysql nats nats-streaming neo4j neurodebian nextcloud
  nginx node notary nuxeo odoo open-liberty openjdk opensuse oraclelinux orientdb owncloud percona perl photon php
  php-zendserver phpmyadmin piwik plone postfixadmin postgres pypy python r-base rabbitmq rails rakudo-star rapidoid
  redis redmine registry rethinkdb rocket.chat rockylinux ros ruby rust sapmachine satosa scala scratch sentry
  silverpeas sl solr sonarqube sourcemage spark spiped storm swarm swift swipl telegraf thrift tomcat tomee traefik
  ubuntu ubuntu-debootstrap ubuntu-upstart unit valkey varnish vault voidlinux websphere-liberty wordpress xwiki yourls
  znc zookeeper`
    .split(/\s+/)
    .filter((name) => name !== ''),
);

/** Whether an image without an owner is one that Docker Hub has. */
export function isOfficial({ registry, repository }: ImageReference): boolean {
  return (
    registry !== 'docker.io' || !repository.startsWith('library/') || official.has(repository.slice('library/'.length))
  );
}
