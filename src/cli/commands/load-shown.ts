import { isSecretHeader, placeholder, shownUrl, withoutUrlSecrets } from '../kernel/secrets.js';
import type { LoadPlan, Work } from '../load/plan.js';
import { Mask } from '../scenario/mask.js';

/** A plan as `--dry-run` prints it: the same, but for what signs in. */
export function shownPlan(plan: LoadPlan): LoadPlan {
  const endpoint = { ...plan.endpoint, url: shownUrl(plan.endpoint.url) };
  return { ...plan, endpoint, work: plan.work.map(shownWork) };
}

function shownWork(work: Work): Work {
  const name = withoutUrlSecrets(work.name);
  if (work.kind === 'flow') return { ...work, name, steps: work.steps.map(withoutUrlSecrets) };
  const requests = work.requests.map(({ step, path, headers, body, ...rest }) => ({
    ...rest,
    step: withoutUrlSecrets(step),
    path: withoutUrlSecrets(path),
    headers: headers === undefined ? undefined : shownHeaders(headers),
    body: body === undefined ? undefined : shownBody(body),
  }));
  return { ...work, name, requests };
}

function shownHeaders(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      isSecretHeader(name) ? placeholder : withoutUrlSecrets(value),
    ]),
  );
}

function shownBody(body: string): string {
  return new Mask([]).body(body);
}
