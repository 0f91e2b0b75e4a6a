import type { AnyNode } from 'acorn';
import { isObject } from '../../postman/collection.js';
import type { Bindings } from './script-values.js';

const mutators = new Set([
  'sort',
  'reverse',
  'push',
  'pop',
  'shift',
  'unshift',
  'splice',
  'fill',
  'copyWithin',
  'assign',
]);

/** What a statement that is lost may have changed is not known any more. */
export function forget(node: unknown, bindings: Bindings): void {
  if (Array.isArray(node)) {
    for (const each of node) forget(each, bindings);
    return;
  }
  if (!isObject(node)) return;
  const each = node as unknown as AnyNode;
  if (each.type === 'AssignmentExpression' || each.type === 'ForInStatement' || each.type === 'ForOfStatement')
    drop(each.left, bindings);
  else if (each.type === 'UpdateExpression' || (each.type === 'UnaryExpression' && each.operator === 'delete'))
    drop(each.argument, bindings);
  else if (each.type === 'VariableDeclarator') drop(each.id, bindings);
  else if (each.type === 'CallExpression') {
    const { callee } = each;
    if (
      callee.type === 'MemberExpression' &&
      callee.property.type === 'Identifier' &&
      mutators.has(callee.property.name)
    ) {
      drop(callee.object, bindings);
      drop(each.arguments, bindings);
    }
    // A function of the script's own may change what it is given.
    if (callee.type === 'Identifier') drop(each.arguments, bindings);
  }
  for (const inner of Object.values(node)) forget(inner, bindings);
}

/** Every name in it but those of members. */
function drop(node: unknown, bindings: Bindings): void {
  if (Array.isArray(node)) {
    for (const each of node) drop(each, bindings);
    return;
  }
  if (!isObject(node)) return;
  if (node.type === 'Identifier' && bindings.has(String(node.name))) bindings.set(String(node.name), undefined);
  for (const [key, each] of Object.entries(node))
    if (key !== 'property' || node.computed === true) drop(each, bindings);
}
