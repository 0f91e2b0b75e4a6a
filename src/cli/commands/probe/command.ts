import { exitCodes, Failure } from '../../kernel/failure.js';
import { createPaint } from '../../report/paint.js';
import { caseLines, probeHead, verdictLines } from '../../report/scenario/probe-text.js';
import type { ProbeResult } from '../../scenario/probe/probe-result.js';
import type { ScenarioEvent } from '../../scenario/result.js';
import type { LeftBehind } from '../../scenario/run/run-state.js';
import type { Context } from '../context/context.js';
import { defineCommand, operand } from '../options/define-command.js';
import { type IdempotencyOptions, idempotencyOptions } from './flags.js';
import { type PlannedProbe, planProbe } from './plan.js';
import { type RequestLine, requestLine } from './values.js';

const examples = [
  "'POST /order' --header X-Request-Id --body '{\"price\": 10}' --effects 'GET /orders'",
  "'POST /order' --field requestId --body @order.json --effects 'GET /orders' --effects-count '$.total'",
  "'PUT /cart' --if-match 'GET /cart' --body '{\"item\": 7}' --effects 'GET /cart'",
  "'POST /order' --body @order.json --effects 'GET /orders' --setup ./login.yaml --kill orders",
];

/** `hwctl probe idempotency REQUEST`: exit 0 where it happens once however often it comes, 1 where not, 3 where nothing can be told. */
export const define = defineCommand({
  commands: [
    {
      name: 'idempotency',
      summary: 'prove or disprove that a request happens once, however often it comes, judged by its effects',
      define: defineCommand({
        operands: [operand('<request>', 'METHOD PATH, or METHOD URL', requestLine)],
        options: idempotencyOptions,
        help: () => ['', 'Examples:', ...examples.map((call) => `  hwctl probe idempotency ${call}`)].join('\n'),
        run: ([line], options, context) => probeIdempotency(line, options, context),
      }),
    },
  ],
});

const verdictCodes: Record<ProbeResult['verdict'], number> = {
  idempotent: exitCodes.pass,
  'not-idempotent': exitCodes.failed,
  void: exitCodes.void,
};

async function probeIdempotency(line: RequestLine, options: IdempotencyOptions, context: Context): Promise<number> {
  const planned = await planProbe(line, options, context);
  const paint = createPaint(context.color);
  const tell = (lines: string[]) => {
    if (!options.json) context.print(lines);
  };
  if (!options.json) context.beginReport();
  tell([`${planned.request}, judged by ${planned.effects}`, ...planned.notes]);
  const { runProbe } = await import('../../scenario/probe/probe.js');
  const result = await afterSetup(planned, context, (left) =>
    runProbe(
      planned.plan,
      { ...left, clock: context.clock, fault: planned.fault },
      {
        begun: (found) => tell(probeHead(found)),
        ended: (each) => tell(caseLines(each, paint, context.columns)),
      },
    ),
  );
  if (options.json)
    context.json({ probe: 'idempotency', request: planned.request, effects: planned.effects, ...result });
  tell(verdictLines(result, paint, context.columns));
  return verdictCodes[result.verdict];
}

/** Runs the setup, then `probe` with what it leaves behind, then its teardown. Throws Failure `setup-failed`. */
async function afterSetup(
  { scenario, endpoint, http, variables }: PlannedProbe,
  context: Context,
  probe: (left: LeftBehind) => Promise<ProbeResult>,
): Promise<ProbeResult> {
  const { clock, signal } = context;
  const { runScenario } = await import('../../scenario/run/run.js');
  let result: ProbeResult | undefined;
  const problems: string[] = [];
  await runScenario(scenario, {
    endpoint,
    http,
    variables,
    clock,
    signal,
    iterations: 1,
    onEvent: (event) => problems.push(...problemsIn(event)),
    afterSteps: async (left) => {
      result = await probe(left);
    },
  });
  if (result !== undefined) return result;
  throw new Failure({
    code: 'setup-failed',
    message: `--setup: ${scenario.name} fails, so nothing was probed`,
    details: problems.slice(0, 10),
    hint: `hwctl test ${scenario.file} shows it whole`,
  });
}

function problemsIn(event: ScenarioEvent): string[] {
  if (event.type === 'error') return [`${event.step.name}: ${event.message}`];
  if (event.type !== 'check' || event.check.state !== 'failed') return [];
  return [`${event.step.name}: ${event.check.name}: ${event.check.messages.join('; ')}`];
}
