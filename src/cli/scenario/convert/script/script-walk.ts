import type { AnyNode, Expression, Statement } from 'acorn';
import { plainName } from '../draft/draft.js';
import { literal, literalValue } from '../draft/literal.js';
import type { PostmanNames } from '../postman/postman-variables.js';
import { assertionOf } from './script-assertions.js';
import { forget } from './script-bindings.js';
import { conditionOf, type DraftCondition, together } from './script-conditions.js';
import { type Bindings, keyOf, meaningOf, type Reading, type Scope, type ScriptValue } from './script-values.js';

/** What the scripts of a request come to in the format. */
export interface ReadScripts {
  set: Record<string, unknown>;
  checks: Record<string, unknown>[];
  captures: Record<string, unknown>;
}

/** Scopes of variables by how they hide each other. */
export const rankOf: Record<Scope, number> = { globals: 0, collectionVariables: 1, environment: 2, variables: 3 };
const legacyScope: Record<string, Scope> = { setEnvironmentVariable: 'environment', setGlobalVariable: 'globals' };

/** Reads the statements of one script into `read`; what is not carried over goes to `losses`. */
export class ScriptWalk {
  readonly #reading: Reading;

  constructor(
    private readonly source: string,
    private readonly isTest: boolean,
    private readonly script: string,
    private readonly read: ReadScripts,
    private readonly names: PostmanNames,
    private readonly ranks: Map<string, number>,
    private readonly losses: string[],
    bindings: Bindings = new Map(),
  ) {
    this.#reading = {
      bindings,
      nameOf: (name) => names.of(name),
      template: (text) => {
        const told: string[] = [];
        const written = names.template(text, told);
        return told.length === 0 ? written : undefined;
      },
    };
  }

  all(statements: readonly AnyNode[]): void {
    for (const [i, statement] of statements.entries()) {
      if (statement.type === 'ReturnStatement' || statement.type === 'ThrowStatement') {
        if (i < statements.length - 1)
          this.losses.push(`of ${this.script}: what stands after ${this.#text(statement)}`);
        return;
      }
      if (!this.#statement(statement)) this.#lose(statement, `of ${this.script}`);
    }
  }

  /** True where the statement is carried over, or nothing comes of it. */
  #statement(node: AnyNode): boolean {
    switch (node.type) {
      case 'EmptyStatement':
        return true;
      case 'FunctionDeclaration':
        this.#reading.bindings.set(node.id?.name ?? '', undefined);
        return true;
      case 'VariableDeclaration':
        return node.declarations.every((each) => this.#declared(each.id, each.init));
      case 'ExpressionStatement':
        return node.directive !== undefined || this.#expression(node.expression);
      case 'BlockStatement':
        this.all(node.body);
        return true;
      default:
        return false;
    }
  }

  /** A name of its own for a value; where it is made by doing something else too, that is lost. */
  #declared(id: AnyNode, init: Expression | null | undefined): boolean {
    const value = meaningOf(init, this.#reading);
    const bind = (to: AnyNode, bound: ScriptValue | undefined) => {
      if (to.type === 'Identifier') this.#reading.bindings.set(to.name, bound);
    };
    if (id.type === 'Identifier') bind(id, value);
    else if (id.type === 'ObjectPattern')
      for (const each of id.properties) {
        if (each.type !== 'Property' || each.value.type !== 'Identifier') {
          forget(each, this.#reading.bindings);
          continue;
        }
        const key = each.computed ? undefined : each.key.type === 'Identifier' ? each.key.name : undefined;
        bind(
          each.value,
          value?.kind === 'json' && key !== undefined && key !== 'length'
            ? { kind: 'json', path: `${value.path}.${key}` }
            : undefined,
        );
      }
    else forget(id, this.#reading.bindings);
    return value !== undefined || init === null || init === undefined || !doesSomething(this.#text(init));
  }

  #expression(node: Expression): boolean {
    if (node.type === 'ChainExpression' || node.type === 'ParenthesizedExpression')
      return this.#expression(node.expression);
    if (node.type === 'AwaitExpression') return false;
    if (node.type === 'Literal') return true;
    if (node.type === 'AssignmentExpression') return this.#assigned(node);
    if (node.type !== 'CallExpression') return false;
    const { callee } = node;
    const args = node.arguments as Expression[];
    if (callee.type === 'MemberExpression') {
      const method = keyOf(callee, this.#reading);
      const object = meaningOf(callee.object, this.#reading);
      if (object?.kind === 'pm' && method === 'test') return this.#test(args, false);
      if (method === 'skip' && this.#isTest(callee.object)) return this.#test(args, true);
      if (object?.kind === 'scope' && method === 'set') return this.#variable(object.scope, args);
      const legacy = object?.kind === 'postman' && typeof method === 'string' ? legacyScope[method] : undefined;
      if (legacy !== undefined) return this.#variable(legacy, args);
    }
    if (!this.isTest) return false;
    // An assertion outside of a test fails the script, which is a failure, too.
    const condition = assertionOf(node, this.#reading);
    if (condition === undefined) return false;
    this.read.checks.push({ name: literal(this.#text(node)), ...condition });
    return true;
  }

  #isTest(node: AnyNode): boolean {
    return (
      node.type === 'MemberExpression' &&
      keyOf(node, this.#reading) === 'test' &&
      meaningOf(node.object, this.#reading)?.kind === 'pm'
    );
  }

  #assigned({ left, operator, right }: Extract<AnyNode, { type: 'AssignmentExpression' }>): boolean {
    if (operator !== '=') return false;
    if (left.type === 'Identifier') return this.#declared(left, right);
    if (left.type !== 'MemberExpression' || left.object.type !== 'Identifier' || left.object.name !== 'tests')
      return false;
    const name = keyOf(left, this.#reading);
    const condition = name === undefined ? undefined : conditionOf(right, this.#reading);
    if (condition === undefined || !this.isTest) {
      this.losses.push(
        name === undefined ? `of ${this.script}: ${this.#text(left)}` : `the test ${JSON.stringify(name)}`,
      );
      return true;
    }
    this.read.checks.push({ name: plainName(String(name)), ...condition });
    return true;
  }

  /** `pm.test('name', () => { ... })`: each assertion in it, and the variables that it sets. */
  #test([title, done]: Expression[], skip: boolean): boolean {
    const name = meaningOf(title, this.#reading);
    const said =
      name?.kind === 'constant' ? plainName(String(name.value)) : name?.kind === 'template' ? name.text : undefined;
    const shown = said ?? (title === undefined ? '' : this.#text(title));
    const isFunction = done?.type === 'ArrowFunctionExpression' || done?.type === 'FunctionExpression';
    if (said === undefined || !isFunction || done.params.length > 0 || done.async || !this.isTest) {
      this.losses.push(`the test ${JSON.stringify(shown)}`);
      return true;
    }
    const inner = new TestBody(this, this.#reading);
    const statements = done.body.type === 'BlockStatement' ? done.body.body : [done.body];
    const { conditions, lost } = inner.read(statements);
    if (conditions.length === 0) {
      // A test without an assertion cannot fail: nothing is lost with it.
      if (lost.length > 0) this.losses.push(`the test ${JSON.stringify(shown)}`);
    } else {
      this.read.checks.push({ name: said, ...(skip ? { skip: true } : {}), ...together(conditions) });
      for (const each of lost) this.losses.push(`of the test ${JSON.stringify(shown)}: ${this.#text(each)}`);
    }
    for (const each of lost) forget(each, this.#reading.bindings);
    return true;
  }

  /** What a statement within a test comes to: `undefined` where it is lost. */
  within(node: AnyNode): { condition?: DraftCondition } | undefined {
    const expression = node.type === 'ExpressionStatement' ? node.expression : node;
    if (expression.type.endsWith('Expression') || node.type === 'ExpressionStatement') {
      const condition = assertionOf(expression, this.#reading);
      if (condition !== undefined) return { condition };
      if (expression.type === 'CallExpression' && this.#isTest(expression.callee)) return undefined;
    }
    if (node.type === 'ReturnStatement' || node.type === 'BlockStatement') return undefined;
    return node.type.endsWith('Expression') ? undefined : this.#statement(node) ? {} : undefined;
  }

  #variable(scope: Scope, [key, given]: Expression[]): boolean {
    const name = meaningOf(key, this.#reading);
    const value = meaningOf(given, this.#reading);
    if (name?.kind !== 'constant' || typeof name.value !== 'string' || value === undefined) return false;
    const rank = rankOf[scope];
    if ((this.ranks.get(name.value) ?? -1) > rank) return false;
    if (this.isTest && value.kind === 'length' && value.of.kind === 'json') {
      this.losses.push(`the variable ${name.value} of ${this.script} (the length of ${value.of.path})`);
      return true;
    }
    const done = this.isTest ? this.#captured(name.value, value) : this.#set(name.value, value);
    if (done) this.ranks.set(name.value, rank);
    return done;
  }

  #captured(name: string, value: ScriptValue): boolean {
    const source = sourceOfValue(value);
    if (source === undefined) return false;
    this.read.captures[this.names.of(name)] = source;
    return true;
  }

  #set(name: string, value: ScriptValue): boolean {
    if (value.kind !== 'template' && value.kind !== 'constant') return false;
    if (value.kind === 'constant' && value.value === undefined) return false;
    const own = this.names.of(name);
    const text =
      value.kind === 'template'
        ? value.text
        : typeof value.value === 'string'
          ? this.#reading.template(value.value)
          : undefined;
    if (text === undefined && value.kind === 'constant' && typeof value.value === 'string') return false;
    // A variable that is made of itself has no end here.
    if (text?.includes(`{{${own}}}`)) return false;
    this.read.set[own] = text ?? literalValue((value as { value: unknown }).value);
    return true;
  }

  #lose(node: AnyNode, where: string): void {
    forget(node, this.#reading.bindings);
    const conditional = [
      'IfStatement',
      'TryStatement',
      'SwitchStatement',
      'ForStatement',
      'ForOfStatement',
      'ForInStatement',
      'WhileStatement',
    ];
    const hint = conditional.includes(node.type) ? ', which hangs on a condition' : '';
    this.losses.push(`${where}${hint}: ${this.#text(node)}`);
  }

  #text({ start, end }: AnyNode): string {
    const text = this.source.slice(start, end).replace(/\s+/g, ' ').trim();
    return text.length > 80 ? `${text.slice(0, 79)}…` : text;
  }
}

/** The statements of one test. */
class TestBody {
  constructor(
    private readonly walk: ScriptWalk,
    private readonly reading: Reading,
  ) {}

  read(statements: readonly (Statement | Expression)[]): { conditions: DraftCondition[]; lost: AnyNode[] } {
    const outside = new Map(this.reading.bindings);
    const conditions: DraftCondition[] = [];
    const lost: AnyNode[] = [];
    for (const [i, statement] of statements.entries()) {
      const found = this.walk.within(statement as AnyNode);
      if (found?.condition !== undefined) conditions.push(found.condition);
      if (found !== undefined) continue;
      lost.push(statement as AnyNode);
      // After a return nothing is sure to be done.
      if (statement.type === 'ReturnStatement' || statement.type === 'IfStatement') {
        if (
          /\breturn\b/.test(
            JSON.stringify(statement, (key, value) =>
              key === 'type' && value === 'ReturnStatement' ? 'return' : value,
            ),
          )
        ) {
          lost.push(...(statements.slice(i + 1) as AnyNode[]));
          break;
        }
      }
    }
    this.reading.bindings.clear();
    for (const [name, value] of outside) this.reading.bindings.set(name, value);
    return { conditions, lost };
  }
}

function sourceOfValue(value: ScriptValue): unknown {
  switch (value.kind) {
    case 'json':
      return value.path;
    case 'header':
      return { header: value.name };
    case 'status':
    case 'text':
      return { [value.kind]: true };
    default:
      return undefined;
  }
}

/** Whether making a value may have done something that the requests feel. */
function doesSomething(source: string): boolean {
  return /sendRequest|\.set\(|\.unset\(|setNextRequest|setEnvironment|setGlobal|skipRequest/.test(source);
}
