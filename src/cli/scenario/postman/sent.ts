import { basename } from 'node:path';
import { stringify } from 'node:querystring';
import type { Request, RequestBody } from 'postman-collection';
import type { History } from 'postman-runtime';

type Pair = [string, string];

/** A request as it went out last (after redirects and sign-in), with the headers that the runtime and Node.js added. */
export function sentRequest(request: Request, history: History | undefined) {
  const wire = history?.execution.data.at(-1)?.request;
  // The runtime does not tell what Node.js made of the headers of a body that is one file.
  const told = wire?.headers?.length ? wire.headers : undefined;
  const headers = (told ?? request.headers.all().filter(({ disabled }) => !disabled)).map(
    ({ key, value }): Pair => [key, String(value)],
  );
  const header = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1];
  const url = wire?.href ?? request.url.toString();
  // A redirect drops the body, and the runtime that of a GET.
  const sends = told === undefined || Number(header('content-length')) > 0 || header('transfer-encoding') !== undefined;
  return {
    method: wire?.method ?? request.method,
    url,
    shownUrl: url,
    headers,
    body: sends && request.body !== undefined ? bodyText(request.body, header('content-type') ?? '') : undefined,
  };
}

/** As postman-runtime makes it of each mode (its lib/requester/core-body-builder.js); files by their names. */
function bodyText({ mode, raw, urlencoded, formdata, graphql, file, disabled }: RequestBody, type: string): string {
  if (disabled) return '';
  switch (mode) {
    case 'raw':
      return typeof raw === 'string' ? raw : JSON.stringify(raw ?? '');
    case 'urlencoded':
      return formText(urlencoded?.all() ?? []);
    case 'formdata':
      return multipartText(formdata?.all() ?? [], /boundary="?([^";]+)/i.exec(type)?.[1] ?? '');
    case 'graphql':
      return graphqlText(graphql ?? {});
    case 'file':
      return file?.src === undefined ? String(file?.content ?? '') : contentsOf(file.src);
    default:
      return '';
  }
}

function formText(params: readonly { key: string; value: unknown; disabled?: boolean }[]): string {
  const form = new Map<string, string[]>();
  for (const { key, value, disabled } of params)
    if (!disabled) form.set(key, [...(form.get(key) ?? []), String(value ?? '')]);
  const reserved = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return stringify(Object.fromEntries(form)).replace(/[!'()*]/g, reserved);
}

function multipartText(params: readonly FormParam[], boundary: string): string {
  const parts = params
    .filter(({ disabled }) => !disabled)
    .map(({ key, value, type, src, fileName, contentType }) => {
      const name = type === 'file' ? (fileName ?? (src === undefined ? '' : basename(String(src)))) : fileName;
      const filename = name === undefined ? '' : `; filename="${name}"`;
      const typed = contentType ? `\r\nContent-Type: ${contentType}` : '';
      const content = type === 'file' && src ? contentsOf(String(src)) : asText(value);
      return `--${boundary}\r\nContent-Disposition: form-data; name="${key}"${filename}${typed}\r\n\r\n${content}\r\n`;
    });
  return `${parts.join('')}--${boundary}--\r\n`;
}

type FormParam = ReturnType<NonNullable<RequestBody['formdata']>['all']>[number];

function graphqlText({ query, operationName, variables }: NonNullable<RequestBody['graphql']>): string {
  if (typeof variables !== 'string') return JSON.stringify({ query, operationName, variables });
  const members = [];
  if (typeof query === 'string') members.push(`"query":${JSON.stringify(query)}`);
  if (typeof operationName === 'string') members.push(`"operationName":${JSON.stringify(operationName)}`);
  if (variables !== '') members.push(`"variables":${variables}`);
  return `{${members.join(',')}}`;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function contentsOf(file: string): string {
  return `(contents of ${basename(file)})`;
}
