import type { Given } from '../draft/given.js';
import { literalValue } from '../draft/literal.js';
import { queryPairs, styleOf } from './openapi-parameter.js';
import { essence, isJson, isJsonType, type Json, type Reading, resolved } from './openapi-reading.js';
import type { Values } from './openapi-value.js';

/** The example of a parameter or media type, or a value made of its schema; undefined, and told, where there is none. */
export function mediaExample(media: Given, what: string, reading: Reading, values: Values): unknown {
  const schema = media.at('schema');
  const stated = statedExample(media, reading);
  if (stated !== undefined) {
    const problem = schema.absent ? undefined : values.problemOf(stated, schema);
    if (problem !== undefined)
      reading.losses.push(`${what}: its example stands, though it breaks its schema: ${problem}`);
    return literalValue(stated);
  }
  if (schema.value === undefined) return undefined;
  const { value, problem } = values.of(schema);
  if (problem !== undefined) reading.losses.push(`${what}: no value satisfies its schema: ${problem}`);
  return value;
}

function statedExample(media: Given, reading: Reading): unknown {
  const { value } = media.at('example');
  if (value !== undefined) return value;
  for (const [, each] of media.at('examples').members()) {
    const found = resolved(each, reading)?.at('value').value;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The body of an operation in the first of its media types that a scenario can write; told where there is none. */
export function bodyOf(operation: Given, name: string, reading: Reading, values: Values): Json {
  const content = resolved(operation.at('requestBody'), reading)?.at('content');
  if (content === undefined || content.absent || !content.isObject()) return {};
  const types = content.members().filter(([, media]) => media.isObject());
  const rank = ([type]: [string, Given]) =>
    [(each: string) => essence(each) === 'application/json', isJsonType, isForm, isMultipart, isText].findIndex((is) =>
      is(type),
    );
  const able = types.filter((each) => rank(each) >= 0).sort((one, other) => rank(one) - rank(other));
  for (const [type, media] of able) {
    const value = mediaExample(media, `"${name}": its body`, reading, values);
    if (value === undefined) continue;
    const body = written(type, value, media, name, reading);
    if (body !== undefined) return body;
  }
  if (types.length > able.length && able.length === 0)
    reading.losses.push(`"${name}": body of type ${types.map(([type]) => type).join(', ')}`);
  return {};
}

const isForm = (type: string) => essence(type) === 'application/x-www-form-urlencoded';
const isMultipart = (type: string) => essence(type) === 'multipart/form-data';
const isText = (type: string) => essence(type).startsWith('text/');

function written(type: string, value: unknown, media: Given, name: string, reading: Reading): Json | undefined {
  const typed = (usual: string) =>
    essence(type) === usual || type.includes('*') ? {} : { headers: { 'Content-Type': type } };
  if (isJsonType(type)) return { json: value, ...typed('application/json') };
  if (isForm(type) && isJson(value)) return { form: formFields(value, media, reading) };
  if (isMultipart(type) && isJson(value)) return { multipart: multipartFields(value, media, name, reading) };
  if (isText(type)) return { text: typeof value === 'string' ? value : JSON.stringify(value), ...typed('text/plain') };
  return undefined;
}

/** Fields in the style that `encoding` says, else form (OpenAPI 3, Encoding Object). */
function formFields(value: Json, media: Given, reading: Reading): Json {
  const fields: Json = {};
  for (const [key, each] of Object.entries(value)) {
    const encoding = media.at('encoding').absent ? undefined : resolved(media.at('encoding').at(key), reading);
    const style = styleOf('query', encoding?.at('style').value, encoding?.at('explode').value);
    const found = queryPairs(key, each, style);
    if ('pairs' in found) for (const [field, one] of found.pairs) fields[field] = one;
    // The body encodes its values itself.
    else fields[key] = decodeURIComponent(found.text.slice(found.text.indexOf('=') + 1));
  }
  return fields;
}

function multipartFields(value: Json, media: Given, name: string, reading: Reading): Json {
  const schema = media.at('schema').absent ? undefined : resolved(media.at('schema'), reading);
  const files = Object.keys(value).filter((key) => {
    const member = schema?.at('properties').at(key);
    const target = member === undefined || member.absent ? undefined : resolved(member, reading);
    return (
      ['binary', 'base64'].includes(String(target?.at('format').value)) ||
      target?.at('contentMediaType').absent === false
    );
  });
  if (files.length > 0) reading.losses.push(`"${name}": the files of ${files.join(', ')} (text stands for each)`);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      each !== null && typeof each === 'object' ? JSON.stringify(each) : String(each),
    ]),
  );
}
