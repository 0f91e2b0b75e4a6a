import type { CollectionData } from '../../journey/collection/collection-journey.js';
import type { JourneyData } from '../../journey/plan-journey.js';
import type { K6Data } from '../../k6/k6-flow.js';
import { isSecretHeader, placeholder, shownUrl, withoutUrlSecrets } from '../../kernel/secrets.js';
import type { EndpointTls, HeaderFields, LoadPlan, Work } from '../../load/plan/plan.js';
import { Mask } from '../../scenario/tell/mask.js';

/** A plan as `--dry-run` prints it: the same, but for what signs in. */
export function shownPlan(plan: LoadPlan): LoadPlan {
  const { tls } = plan.endpoint;
  const endpoint = { ...plan.endpoint, url: shownUrl(plan.endpoint.url), tls: tls && shownTls(tls) };
  return { ...plan, endpoint, work: plan.work.map(shownWork) };
}

function shownWork(work: Work): Work {
  const name = withoutUrlSecrets(work.name);
  if (work.kind === 'flow') {
    if ('modules' in (work.data as object)) {
      const { file, env, scenarios } = work.data as K6Data;
      const data = { script: file, env: Object.keys(env), scenarios: scenarios.map(({ name: called }) => called) };
      return { ...work, name, data, steps: work.steps.map(withoutUrlSecrets) };
    }
    if ('items' in (work.data as object)) {
      const { scenario, items, scripts } = work.data as CollectionData;
      const data = { collection: scenario.file, requests: items.length, scripts: scripts.length };
      return { ...work, name, data, steps: work.steps.map(withoutUrlSecrets) };
    }
    const { scenario, variables } = work.data as JourneyData;
    // The scenario is a file that anybody can look at; of variables only the names are no secret.
    const data = { scenario: scenario.file, variables: Object.keys(variables) };
    return { ...work, name, data, steps: work.steps.map(withoutUrlSecrets) };
  }
  const requests = work.requests.map(({ step, path, headers, body, ...rest }) => ({
    ...rest,
    step: withoutUrlSecrets(step),
    path: withoutUrlSecrets(path),
    headers: headers === undefined ? undefined : shownHeaders(headers),
    body: body === undefined ? undefined : shownBody(body),
  }));
  return { ...work, name, requests };
}

/** A certificate is public; its key is not. */
function shownTls(tls: EndpointTls): EndpointTls {
  const hidden = (secret: string | undefined) => (secret === undefined ? undefined : placeholder);
  return { ...tls, key: hidden(tls.key), passphrase: hidden(tls.passphrase) };
}

function shownHeaders(headers: HeaderFields): HeaderFields {
  const shown = (name: string) => (value: string) => (isSecretHeader(name) ? placeholder : withoutUrlSecrets(value));
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? shown(name)(value) : value.map(shown(name)),
    ]),
  );
}

function shownBody(body: string): string {
  return new Mask([]).body(body);
}
