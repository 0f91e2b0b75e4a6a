import { formatDuration } from '../../kernel/duration.js';
import type { Step, TargetEvent } from '../../target/target.js';

/** A step of a plan on one line. */
export function formatStep({ verb, ref, why }: Step): string {
  return `${verb.padEnd(8)}${ref}  (${why})`;
}

/** One plain line for an event that people want to see; undefined for the others. */
export function formatEvent(event: TargetEvent): string | undefined {
  switch (event.type) {
    case 'step':
      if (event.state === 'started') return `  ${formatStep(event.step)}`;
      // What has no meaning here is told by --dry-run alone.
      if (event.state !== 'skipped' || event.step.verb === 'skip') return undefined;
      return `  ${formatStep({ verb: 'skip', ref: event.step.ref, why: event.reason })}`;
    case 'progress':
      return event.message;
    case 'waiting': {
      // A few are told with their reasons; of many, the names fit a line.
      const { notReady } = event;
      const names = notReady.map(({ ref, reason }) => (notReady.length > 2 ? baseName(ref) : `${ref} (${reason})`));
      return `waiting for ${names.join(', ')}, ${formatDuration(event.elapsedMs)}`;
    }
  }
}

function baseName(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}
