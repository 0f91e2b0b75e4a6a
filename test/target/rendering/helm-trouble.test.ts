import t from 'tap';
import { helmTrouble, pullCure } from '../../../src/cli/target/rendering/helm-trouble.js';

const shownAs = (template: string) => template.replace(/^shop\//, 'deploy/shop/');
const debug = '\n\nUse --debug flag to render out invalid YAML\n';

/** What helm 3.22 and 4.3 print, the lines made of it, and what its cure speaks of. */
const said: Record<string, [stderr: string, lines: string[], hint: RegExp]> = {
  'nil, helm 3': [
    `Error: template: shop/templates/a.yaml:23:14: executing "shop/templates/a.yaml" at <.Values.a.b>: nil pointer evaluating interface {}.b${debug}`,
    ['deploy/shop/templates/a.yaml:23:14: at <.Values.a.b>: nil pointer evaluating interface {}.b'],
    /value in values:/,
  ],
  'nil, helm 4': [
    `Error: shop/templates/a.yaml:23:14\n  executing "shop/templates/a.yaml" at <.Values.a.b>:\n    nil pointer evaluating interface {}.b${debug}`,
    ['deploy/shop/templates/a.yaml:23:14: at <.Values.a.b>: nil pointer evaluating interface {}.b'],
    /value in values:/,
  ],
  'in an include, helm 3': [
    `Error: template: shop/templates/a.yaml:3:3: executing "shop/templates/a.yaml" at <include "foo" .>: error calling include: template: shop/templates/_helpers.tpl:1:32: executing "foo" at <.Values.a.b.c>: nil pointer evaluating interface {}.b${debug}`,
    [
      'deploy/shop/templates/_helpers.tpl:1:32: at <.Values.a.b.c>: nil pointer evaluating interface {}.b (included at deploy/shop/templates/a.yaml:3)',
    ],
    /value in values:/,
  ],
  'in an include, helm 4': [
    `Error: shop/templates/a.yaml:3:3\n  executing "shop/templates/a.yaml" at <include "foo" .>:\n    error calling include:\nshop/templates/_helpers.tpl:1:32\n  executing "foo" at <.Values.a.b.c>:\n    nil pointer evaluating interface {}.b${debug}`,
    [
      'deploy/shop/templates/_helpers.tpl:1:32: at <.Values.a.b.c>: nil pointer evaluating interface {}.b (included at deploy/shop/templates/a.yaml:3)',
    ],
    /value in values:/,
  ],
  'a template that is not there, helm 3': [
    `Error: template: shop/templates/a.yaml:1:6: executing "shop/templates/a.yaml" at <include "no.such" .>: error calling include: template: no template "no.such" associated with template "gotpl"${debug}`,
    [
      'deploy/shop/templates/a.yaml:1:6: at <include "no.such" .>: error calling include: template: no template "no.such" associated with template "gotpl"',
    ],
    /comes from a chart that is not there/,
  ],
  'a template that is not there, helm 4': [
    `Error: shop/templates/a.yaml:1:6\n  executing "shop/templates/a.yaml" at <include "no.such" .>:\n    error calling include:\ntemplate: no template "no.such" associated with template "gotpl"${debug}`,
    [
      'deploy/shop/templates/a.yaml:1:6: at <include "no.such" .>: error calling include: template: no template "no.such" associated with template "gotpl"',
    ],
    /comes from a chart that is not there/,
  ],
  required: [
    `level=INFO msg="x"\nError: execution error at (shop/templates/a.yaml:2:6): image is needed${debug}`,
    ['deploy/shop/templates/a.yaml:2:6: image is needed'],
    /value in values:/,
  ],
  'fail, with lines of its own': [
    `Error: execution error at (shop/charts/kid/templates/a.yaml:1:6): no\n  way: two${debug}`,
    ['deploy/shop/charts/kid/templates/a.yaml:1:6: no', '    way: two'],
    /value in values:/,
  ],
  'a template without its end': [
    `Error: parse error at (shop/templates/a.yaml:2): missing value for if${debug}`,
    ['deploy/shop/templates/a.yaml:2: missing value for if'],
    /Edit the template/,
  ],
  range: [
    `Error: shop/templates/a.yaml:2:17\n  executing "shop/templates/a.yaml" at <.Values.list>:\n    range can't iterate over 5${debug}`,
    ["deploy/shop/templates/a.yaml:2:17: at <.Values.list>: range can't iterate over 5"],
    /Edit the template, or the values/,
  ],
  'YAML that is none': [
    `Error: YAML parse error on shop/templates/a.yaml: error converting YAML to JSON: yaml: line 3: mapping values are not allowed in this context${debug}`,
    [
      'deploy/shop/templates/a.yaml: what it renders is no YAML, at line 3 of it: mapping values are not allowed in this context',
    ],
    /Edit the template/,
  ],
  'text, helm 3': [
    `Error: YAML parse error on shop/templates/a.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type releaseutil.SimpleHead${debug}`,
    ['deploy/shop/templates/a.yaml: what it renders is no YAML: no object, but a string'],
    /Edit the template/,
  ],
  'a list, helm 4': [
    `Error: YAML parse error on shop/templates/a.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type util.SimpleHead${debug}`,
    ['deploy/shop/templates/a.yaml: what it renders is no YAML: no object, but a list'],
    /Edit the template/,
  ],
  'a schema of values': [
    "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nshop:\n- at '': missing property 'replicas'\n- at '/image': got number, want string\n\n",
    [
      "values don't meet the specifications of the schema(s) in the following chart(s):",
      'shop:',
      "- at '': missing property 'replicas'",
      "- at '/image': got number, want string",
    ],
    /Correct these values/,
  ],
  'another Kubernetes': [
    `Error: chart requires kubeVersion: >=1.99 which is incompatible with Kubernetes v1.34.4${debug}`,
    ['chart requires kubeVersion: >=1.99 which is incompatible with Kubernetes v1.34.4'],
    /version of the chart/,
  ],
  'a library': [
    'Error: library charts are not installable\n',
    ['library charts are not installable'],
    /for other charts/,
  ],
  'no chart, helm 3': ['Error: Chart.yaml file is missing\n', ['Chart.yaml file is missing'], /folder of a chart/],
  'bad values, helm 4': [
    'Error: cannot load values.yaml: cannot unmarshal yaml document: error converting YAML to JSON: yaml: mapping values are not allowed in this context\n',
    [
      'cannot load values.yaml: cannot unmarshal yaml document: error converting YAML to JSON: yaml: mapping values are not allowed in this context',
    ],
    /Correct these values/,
  ],
  'a value of --set': [
    'Error: failed parsing --set-json data a={\n',
    ['failed parsing --set-json data a={'],
    /Correct these values/,
  ],
  'a file that is not there': [
    'Error: open values-dev.yaml: no such file or directory\n',
    ['open values-dev.yaml: no such file or directory'],
    /path of a file/,
  ],
  'a release name': [
    'level=ERROR msg="release name check failed" error="x"\nError: release name check failed: release name "Bad_Name": invalid release name\n',
    ['release name check failed: release name "Bad_Name": invalid release name'],
    /another release: name/,
  ],
  'nothing at all': ['', [], /helm template/],
};

t.test('what helm 3 and helm 4 say becomes a place, a sentence and a cure', async (t) => {
  for (const [name, [stderr, lines, hint]] of Object.entries(said)) {
    const trouble = helmTrouble(stderr, shownAs);
    t.same(trouble.lines, lines, name);
    t.match(trouble.hint, hint, name);
  }
});

const pulls: Record<string, RegExp> = {
  'looks like "https://charts.invalid/" is not a valid chart repository or cannot be reached: Get "https://charts.invalid/index.yaml": dial tcp: lookup charts.invalid: no such host':
    /Check the URL of the repository and the network/,
  'looks like "https://kubernetes-charts.storage.googleapis.com" is not a valid chart repository or cannot be reached: failed to fetch https://kubernetes-charts.storage.googleapis.com/index.yaml : 403 Forbidden':
    /charts\.helm\.sh\/stable/,
  'chart "postgresql" version "8.10.14" not found in https://charts.bitnami.com/bitnami repository': /bitnamilegacy/,
  'failed to fetch https://charts.bitnami.com/bitnami/postgresql-8.10.14.tgz : 404 Not Found': /bitnamilegacy/,
  'looks like "https://charts.bitnami.com/bitnami" is not a valid chart repository or cannot be reached: Get "https://charts.bitnami.com/bitnami/index.yaml": dial tcp: no such host':
    /the network/,
  'chart "app" version "9" not found in http://127.0.0.1:1 repository': /what it has/,
  'repo norepo not found': /helm repo add NAME URL/,
  'non-absolute URLs should be in form of repo_name/path_to_chart, got: nginx': /repository:/,
  'failed to authorize: 401 Unauthorized': /Log in/,
};

t.test('a chart that cannot be had has the cure of its cause', async (t) => {
  for (const [text, cure] of Object.entries(pulls)) t.match(pullCure(text), cure, text);
  t.equal(pullCure('something else'), undefined);
});
