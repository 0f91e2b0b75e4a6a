/** The parts of an image's name (github.com/distribution/reference), in the normal form that Docker Hub's short names stand for. */
export interface ImageName {
  /** `docker.io` where none is given. */
  registry: string;
  /** Owner and name: `library/postgres`, `me/shop/orders`. */
  path: string;
  tag: string | undefined;
  /** `sha256:...` */
  digest: string | undefined;
}

/** Reads a name of an image; whatever it is, it is read as far as it can be. */
export function readImageName(image: string): ImageName {
  const [name = '', digest] = image.trim().split('@', 2);
  const [, bare = name, tag] = /^(.*):([^/]*)$/s.exec(name) ?? [];
  const [first = '', ...rest] = bare.split('/');
  // A host has a dot or a port, or is this machine: all else before a slash is an owner of Docker Hub.
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || /[A-Z]/.test(first));
  const registry = !isHost || first === 'index.docker.io' ? 'docker.io' : first;
  const given = isHost ? rest.join('/') : bare;
  const path = registry === 'docker.io' && !given.includes('/') ? `library/${given}` : given;
  return { registry, path, tag, digest };
}

/** Whether two names mean the same image: the same repository and tag, `latest` where none is given, and the same digest where both have one. */
export function sameImage(a: string, b: string): boolean {
  const [one, other] = [readImageName(a), readImageName(b)];
  const isSameTag = (one.tag ?? 'latest') === (other.tag ?? 'latest');
  if (!isSameRepository(one, other)) return false;
  if (one.digest !== undefined && other.digest !== undefined) return one.digest === other.digest;
  return isSameTag;
}

/** Whether two names are of one repository, whatever tag and digest they have. */
export function sameRepository(a: string, b: string): boolean {
  return isSameRepository(readImageName(a), readImageName(b));
}

function isSameRepository(a: ImageName, b: ImageName): boolean {
  return a.registry === b.registry && a.path === b.path;
}

/** The name as it was given, without tag and digest. */
export function withoutTag(image: string): string {
  return image.replace(/@.*$/s, '').replace(/:[^/]*$/, '');
}

/** A name that only a machine of its own can have: no registry, no owner, and not one of Docker Hub's own images. */
export function isLocalName(image: string): boolean {
  const { registry, path } = readImageName(image);
  if (registry === 'localhost') return true;
  return registry === 'docker.io' && path.startsWith('library/') && !officialImages.has(path.slice('library/'.length));
}

/** Docker Hub's own images (github.com/docker-library/official-images), those that it keeps of old included. */
const officialImages = new Set(
  `adminer aerospike almalinux alpine alt amazoncorretto amazonlinux api-firewall arangodb archlinux backdrop bash bonita
  buildpack-deps busybox caddy cassandra celery centos chronograf cirros clearlinux clefos clickhouse clojure composer
  consul convertigo couchbase couchdb crate dart debian django docker drupal eclipse-mosquitto eclipse-temurin eggdrop
  elasticsearch elixir emqx erlang express-gateway fedora flink fluentd friendica fsharp gazebo gcc geonetwork ghost
  golang gradle groovy haproxy haskell haxe hello-world hitch httpd hylang ibm-semeru-runtimes ibmjava influxdb iojs
  irssi java jenkins jetty jobber joomla jruby julia kaazing-gateway kapacitor kibana known kong krakend lightstreamer
  liquibase logstash mageia mariadb matomo maven mediawiki memcached mongo mongo-express monica mono mysql nats
  nats-streaming neo4j neurodebian nextcloud nginx node notary nuxeo odoo open-liberty openjdk opensuse oraclelinux
  orientdb percona perl photon php php-zendserver phpmyadmin piwik plone postfixadmin postgres pypy python r-base
  rabbitmq rails rakudo-star rapidoid redis redmine registry rethinkdb rocket.chat rockylinux ros ruby rust sapmachine
  satosa scratch sentry silverpeas sl solr sonarqube sourcemage spark spiped storm swarm swift swipl teamspeak telegraf
  thrift tomcat tomee traefik ubuntu ubuntu-debootstrap unit varnish vault websphere-liberty wordpress xwiki yourls znc
  zookeeper`.split(/\s+/),
);
