import t from 'tap';
import { preflight } from '../../../src/cli/target/preflight/preflight.js';
import { problemLines } from '../../../src/cli/target/preflight/problem-lines.js';
import { minikube, objectsOf } from './objects.js';

const ingress = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {ingressClassName: nginx, rules: [{host: arch.homework, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: v1
kind: Pod
metadata: {name: "a\\u001b[31m"}
spec: {containers: [{name: a, image: web:arm64}]}
`;

t.test('how many, how many stop, each with place, cause and cure, and what writes their edits', async (t) => {
  const input = { objects: objectsOf(ingress), built: [], releases: [], cluster: { ...minikube, ingressClasses: [] } };
  const problems = preflight(input);
  t.strictSame(problemLines(problems), [
    '6 problems: 4 stop it',
    '  x Ingress/web (k8s/app.yaml:1): arch.homework/ goes to the Service "web", which is not in the namespace default',
    '    Add the Service, or name one that is there: there is none',
    '  x Ingress/web (k8s/app.yaml:1): nothing serves the Ingress class "nginx": the cluster has no ingress-nginx',
    '    Enable the addon: addons: [ingress] in hwctl.yaml, or minikube addons enable ingress',
    '  x PodDisruptionBudget/web (k8s/app.yaml:6): PodDisruptionBudget of policy/v1beta1 was removed in Kubernetes 1.25',
    '    Write it for policy/v1',
    '  x Pod/a␛[31m (k8s/app.yaml:11): "a\\u001b[31m" is no name for a Pod: a to z, 0 to 9, - and . inside, 253 at most',
    '    Name it a-31m, here and wherever it is referred to',
    '  - Pod/a␛[31m (k8s/app.yaml:11): web:arm64 is for arm64 by its tag, and the nodes are amd64',
    '    Write a tag for amd64, or have images of hwctl.yaml build it with platform: linux/amd64',
    '  - Pod/a␛[31m (k8s/app.yaml:11): Docker Hub has no official image web:arm64, and nothing builds it here',
    '    Have images of hwctl.yaml build it (its name, and the folder of its Dockerfile), or write OWNER/NAME as it was pushed',
    '--fix writes 1 edit to hwctl.yaml: 1 of the 4 that stop it',
    'addons: [ingress] in hwctl.yaml enables what is missing',
  ]);
  t.match(problemLines(problems, { isFull: true }).join('\n'), /no DNS has the name arch\.homework/);
  t.strictSame(problemLines([]), []);
  const notes = problems.filter(({ stops, nothingToDo }) => !stops && nothingToDo !== true);
  t.equal(problemLines(notes)[0], '2 notes, nothing stops it');
});
