/** SNS speaks AWS's Query protocol: form parameters in, XML out. */

/**
 * Flattens one action's input to form parameters. Members that are strings, numbers or booleans are taken as they
 * are, so an input that is flat already passes through; lists become `.member.N`, maps `.entry.N`.
 */
export function toQueryParameters(action: string, input: object): Record<string, string> {
  const parameters: Record<string, string> = { Action: action, Version: '2010-03-31' };
  for (const [name, value] of Object.entries(input)) flatten(parameters, name, name, value);
  return parameters;
}

/** The result of an action, as the AWS SDK names its members; absent lists and maps are absent. */
// biome-ignore lint/suspicious/noExplicitAny: the shape depends on the action
export function fromQueryResponse(action: string, xml: string): any {
  const response = parseXml(xml)[`${action}Response`];
  return response?.[`${action}Result`] || {};
}

/** The code and message of an error response. */
export function fromQueryError(xml: string): { code: string; message: string } {
  const error = parseXml(xml).ErrorResponse?.Error;
  return { code: error?.Code ?? 'InternalError', message: error?.Message ?? xml };
}

function flatten(into: Record<string, string>, name: string, path: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'object') {
    into[path] = String(value);
  } else if (value instanceof Uint8Array) {
    into[path] = Buffer.from(value).toString('base64');
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => {
      flatten(into, '', `${path}.member.${i + 1}`, item);
    });
  } else if (name === 'MessageAttributes' || name === 'Attributes') {
    const [key, val] = name === 'MessageAttributes' ? ['Name', 'Value'] : ['key', 'value'];
    Object.entries(value).forEach(([itemKey, item], i) => {
      into[`${path}.entry.${i + 1}.${key}`] = itemKey;
      flatten(into, '', `${path}.entry.${i + 1}.${val}`, item);
    });
  } else {
    for (const [member, item] of Object.entries(value)) flatten(into, member, `${path}.${member}`, item);
  }
}

/** Elements only: the engine's responses have no attributes that matter, no CDATA and no comments. */
// biome-ignore lint/suspicious/noExplicitAny: a tree of unknown shape
function parseXml(xml: string): Record<string, any> {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const stack: { name: string; children: [string, any][]; text: string }[] = [
    { name: '', children: [], text: '' },
  ];
  for (const [, closing, name = '', text = ''] of xml.matchAll(/<(\/?)([\w.:-]+)[^>]*>([^<]*)/g)) {
    if (!closing) {
      stack.push({ name, children: [], text });
      continue;
    }
    const element = stack.pop();
    if (element) stack.at(-1)?.children.push([element.name, elementValue(element)]);
  }
  return Object.fromEntries(stack[0]?.children ?? []);
}

// biome-ignore lint/suspicious/noExplicitAny: a tree of unknown shape
function elementValue({ children, text }: { children: [string, any][]; text: string }): any {
  if (children.length === 0) return unescapeXml(text.trim());
  if (children[0]?.[0] === 'member') return children.map(([, value]) => value);
  if (children[0]?.[0] === 'entry') {
    return Object.fromEntries(children.map(([, { key, value = '' }]) => [key, value]));
  }
  return Object.fromEntries(children.filter(([, value]) => value !== ''));
}

function unescapeXml(text: string): string {
  const characters: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => characters[name] ?? '');
}
