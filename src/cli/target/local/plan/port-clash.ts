import { Failure } from '../../../kernel/failure.js';
import { isFree } from '../state/ports.js';
import type { ProcessSpec } from './process-spec.js';

/**
 * Throws Failure `port-clash` where two processes can listen on one port alone, or where one that does not run yet finds its
 * port taken. `holds`: the ports that processes of ours have now.
 */
export async function refuseClashes(processes: readonly ProcessSpec[], holds: ReadonlySet<number>): Promise<void> {
  const byPort = new Map<number, { name: string; why: string }[]>();
  for (const { name, ports } of processes) {
    for (const { fixed, why = `listens on ${fixed}` } of ports)
      if (fixed !== undefined) byPort.set(fixed, [...(byPort.get(fixed) ?? []), { name, why }]);
  }
  const details: string[] = [];
  for (const [port, users] of byPort) {
    const told = users.map(({ name, why }) => `${name} ${why}`);
    if (users.length > 1) details.push(`port ${port}: ${told.join('; ')}`);
    else if (!holds.has(port) && !(await isFree(port)))
      details.push(`port ${port}: ${told.join('; ')}, and another program has it`);
  }
  if (details.length === 0) return;
  throw new Failure({
    code: 'port-clash',
    message: 'on one machine each port is there once',
    details,
    hint: "In hwctl.yaml, have hwctl choose one: local: { NAME: { environment: { PORT: '{port}' } } }, or write {port} in its command",
  });
}
