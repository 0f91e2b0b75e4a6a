import { render, Text, useInput } from 'ink';
import type { ReactNode } from 'react';
import { shown } from '../../../kernel/text.js';
import type { LoadSnapshot } from '../../../load/measure/metrics.js';
import type { FaultDone } from '../../../load/measure/recovery.js';
import type { WorkloadRow } from '../timeline.js';
import type { LoadHeading } from '../words.js';
import { LoadView } from './load-view.js';

export interface LiveLoadOptions {
  heading: LoadHeading;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  /** What the keys do. */
  onKey(key: LiveKey): void;
}

/** `interrupt` is Ctrl-C, which the terminal hands over as a key while the view is up. */
export type LiveKey = 'faster' | 'slower' | 'pause' | 'finish' | 'interrupt';

/** What the view shows beside the snapshot. */
export interface LiveState {
  rateFactor: number;
  finishing: boolean;
  workloads: readonly WorkloadRow[];
  faults: readonly FaultDone[];
}

export interface LiveLoad {
  /** Shows the run as it stands; called a few times a second by whoever owns the clock. */
  update(snapshot: LoadSnapshot, state: LiveState): void;
  /** Wipes the view and gives the terminal back. */
  close(): void;
}

const keys: Record<string, LiveKey> = {
  '+': 'faster',
  '=': 'faster',
  '-': 'slower',
  _: 'slower',
  p: 'pause',
  ' ': 'pause',
  q: 'finish',
};

/** A frame is drawn at most this share of the time: on a busy machine the view slows down, not the engine. */
const drawingShare = 0.04;
/** But at least so often: the very first frames take long because their code is new. */
const longestPauseMs = 1000;

/** The alternate screen (xterm's private mode 1049), cleared; and the way back to what was there before. */
const [enterScreen, leaveScreen, clearScreen] = ['\u001b[?1049h\u001b[H', '\u001b[?1049l', '\u001b[2J\u001b[H'];

/**
 * Owns the one ink instance of a load run: the live report and its keys. It has a screen of its own: a terminal that is made
 * narrower breaks the lines that stand, and pieces of old frames would be left above the new one.
 */
export function openLiveLoad(options: LiveLoadOptions): LiveLoad {
  const { stdin, stdout } = options;
  const canReadKeys = stdin.isTTY === true;
  let notBeforeMs = 0;
  const frame = (view: ReactNode) => (canReadKeys ? <Keyboard onKey={options.onKey}>{view}</Keyboard> : view);
  stdout.write(enterScreen);
  const leave = () => stdout.write(leaveScreen);
  // A second Ctrl-C ends the process at once; the terminal is the user's again all the same.
  process.once('exit', leave);
  const instance = render(frame(<Text>opening connections</Text>), {
    stdin,
    stdout,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 10,
  });
  let shownLast: [LoadSnapshot, LiveState] | undefined;
  const draw = (snapshot: LoadSnapshot, state: LiveState) => {
    shownLast = [snapshot, state];
    const beganMs = performance.now();
    if (beganMs < notBeforeMs) return;
    const view = (
      <LoadView
        snapshot={{ ...shown({ ...snapshot, series: [] }), series: snapshot.series }}
        heading={shown(options.heading)}
        columns={stdout.columns || 80}
        rows={stdout.rows || 24}
        rateFactor={state.rateFactor}
        finishing={state.finishing}
        workloads={shown(state.workloads)}
        faults={shown(state.faults)}
      />
    );
    instance.rerender(frame(view));
    notBeforeMs = beganMs + Math.min(longestPauseMs, (performance.now() - beganMs) / drawingShare);
  };
  const redraw = () => {
    instance.clear();
    stdout.write(clearScreen);
    notBeforeMs = 0;
    if (shownLast !== undefined) draw(...shownLast);
  };
  stdout.on('resize', redraw);
  return {
    update: draw,
    close() {
      stdout.off('resize', redraw);
      instance.clear();
      instance.unmount();
      instance.cleanup();
      process.off('exit', leave);
      leave();
    },
  };
}

function Keyboard(props: { onKey(key: LiveKey): void; children: ReactNode }): ReactNode {
  useInput((input, key) => {
    if (key.ctrl && input === 'c') props.onKey('interrupt');
    // A held key comes as one text of several letters.
    else for (const letter of input) if (keys[letter] !== undefined) props.onKey(keys[letter]);
  });
  return props.children;
}
