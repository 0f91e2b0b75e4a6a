import { fieldsOf, placedMaps, put, textOf } from './fields.js';
import { placedRef, type SourcedObject } from './problem.js';
import { type Check, type Finding, isKindOf } from './scene.js';

type Add = (finding: Finding) => void;

/** First and last port of a node that a Service may take (the API server's default --service-node-port-range). */
const nodePortRange = { first: 30_000, last: 32_767 };

/** Services as the API server's validation sees them, ports of nodes that two want, and addresses that nothing gives. */
export const checkServices: Check = ({ input, objects, pods }, add) => {
  const taken = new Map<number, string>();
  for (const { port, ref } of input.cluster?.nodePorts ?? []) taken.set(port, ref);
  for (const on of objects) {
    if (!isKindOf(on.object, 'Service')) continue;
    checkPorts(on, add);
    checkNodePorts(on, taken, add);
    if (fieldsOf(on.object.spec).type === 'LoadBalancer' && input.cluster?.loadBalancers === false)
      add(pending(on, input.cluster.provider));
  }
  const hostPorts = new Map<string, SourcedObject>();
  for (const { on, containers, spec } of pods) {
    for (const { path, container } of containers) {
      for (const [i, port] of placedMaps(container.ports)) {
        const number = spec.hostNetwork === true ? (port.hostPort ?? port.containerPort) : port.hostPort;
        if (typeof number !== 'number' || number === 0) continue;
        const id = `${number}/${textOf(port.protocol) ?? 'TCP'}/${textOf(port.hostIP) ?? ''}`;
        const other = hostPorts.get(id);
        if (other === undefined) hostPorts.set(id, on);
        else if (other.object !== on.object && (input.cluster?.nodes.length ?? 0) === 1)
          add({
            code: 'host-port-clash',
            stops: true,
            on,
            path: [...path, 'ports', i],
            cause: `it takes port ${number} of its node, as ${placedRef(other.object)} does, and there is one node`,
            cure: 'Leave hostPort out: a Service reaches the pods without it',
          });
      }
    }
  }
};

function checkPorts(on: SourcedObject, add: Add): void {
  const spec = fieldsOf(on.object.spec);
  const ports = placedMaps(spec.ports);
  const isExternal = spec.type === 'ExternalName';
  if (isExternal && textOf(spec.externalName) === undefined)
    add({
      code: 'missing-field',
      stops: true,
      on,
      path: ['spec'],
      cause: 'a Service of type ExternalName needs externalName',
      cure: 'Write externalName',
    });
  if (!isExternal && ports.length === 0 && spec.clusterIP !== 'None')
    add({
      code: 'missing-field',
      stops: true,
      on,
      path: ['spec'],
      cause: 'the Service has no ports',
      cure: 'Write ports',
    });
  const names = ports.map(([, { name }]) => textOf(name));
  if (ports.length > 1 && names.includes(undefined)) {
    add({
      code: 'port-without-name',
      stops: true,
      on,
      path: ['spec', 'ports'],
      cause: 'a Service with several ports must name each of them',
      cure: 'Write a name for each port',
      fix: (copy) => {
        for (const [i, { port, name }] of ports)
          if (textOf(name) === undefined) put(copy, ['spec', 'ports', i, 'name'], `port-${String(port)}`);
      },
    });
  }
  for (const [i, { name }] of ports) {
    if (
      textOf(name) !== undefined &&
      names.indexOf(textOf(name)) < i &&
      names.filter((one) => one === name).length > 1 &&
      names.indexOf(textOf(name)) !== i
    )
      add({
        code: 'twin-name',
        stops: true,
        on,
        path: ['spec', 'ports', i, 'name'],
        cause: `two ports of the Service are named ${JSON.stringify(name)}`,
        cure: 'Give one of them another name',
      });
  }
  for (const [i, { port, targetPort }] of ports) {
    for (const [field, number] of [
      ['port', port],
      ['targetPort', targetPort],
    ] as const)
      if (typeof number === 'number' && (number < 1 || number > 65_535))
        add({
          code: 'bad-port',
          stops: true,
          on,
          path: ['spec', 'ports', i, field],
          cause: `${field} ${number} is none: ports are 1 to 65535`,
          cure: 'Write the port that it listens on',
        });
  }
}

function checkNodePorts(on: SourcedObject, taken: Map<number, string>, add: Add): void {
  const { first, last } = nodePortRange;
  const spec = fieldsOf(on.object.spec);
  const ref = placedRef(on.object);
  for (const [i, { nodePort }] of placedMaps(spec.ports)) {
    if (typeof nodePort !== 'number' || nodePort === 0) continue;
    const path = ['spec', 'ports', i, 'nodePort'];
    const base = { stops: true, on, path, fix: (copy: unknown) => put(copy, path, undefined) };
    const other = taken.get(nodePort);
    if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer')
      add({
        ...base,
        code: 'node-port',
        cause: `nodePort is for Services of type NodePort and LoadBalancer, and this one is ${textOf(spec.type) ?? 'ClusterIP'}`,
        cure: 'Leave nodePort out, or write type: NodePort',
      });
    else if (nodePort < first || nodePort > last)
      add({
        ...base,
        code: 'node-port',
        cause: `nodePort ${nodePort} is outside ${first} to ${last}`,
        cure: 'Leave it out, and the cluster chooses one; or write one of these',
      });
    else if (other !== undefined && other !== ref)
      add({
        ...base,
        code: 'node-port-clash',
        cause: `nodePort ${nodePort} is taken by ${other}`,
        cure: 'Leave it out, and the cluster chooses one',
      });
    else taken.set(nodePort, ref);
  }
}

function pending(on: SourcedObject, provider: 'minikube' | 'kind' | undefined): Finding {
  const tunnel = provider === 'minikube' ? 'minikube tunnel' : provider === 'kind' ? 'cloud-provider-kind' : 'MetalLB';
  return {
    code: 'load-balancer-pending',
    stops: false,
    nothingToDo: true,
    on,
    path: ['spec', 'type'],
    cause: 'nothing in this cluster gives addresses to Services of type LoadBalancer: it stays pending',
    cure: `Nothing to do for test and load: hwctl reaches it without; an address of its own comes with ${tunnel}`,
  };
}
