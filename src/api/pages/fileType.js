/**
 * Browsers ask the system for a file's type, which may be missing or that of a
 * spreadsheet program. So the file's name decides.
 */
const typesOfEndings = {
  csv: 'text/csv',
  txt: 'text/plain',
  log: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  json: 'application/json',
  xml: 'application/xml',
  pdf: 'application/pdf',
  zip: 'application/zip',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  mp4: 'video/mp4',
};

/**
 * The type under which a file is accepted. Undefined when it is not accepted.
 * @param {{ name: string, type: string }} file
 * @param {readonly string[]} accepted
 */
export function acceptedType({ name, type }, accepted) {
  const ending = name.split('.').at(-1)?.toLowerCase() ?? '';
  const types = Object.entries(typesOfEndings).flatMap(([one, is]) => (one === ending ? [is] : []));
  const plain = (type || types[0])?.startsWith('text/') ? ['text/plain'] : [];
  return [...types, type.split(';')[0] ?? '', ...plain].find((one) => accepted.includes(one));
}

/**
 * The value of a file dialog's `accept`: the types, and the file name extensions that systems may know better.
 * @param {readonly string[]} accepted
 */
export function acceptAttribute(accepted) {
  return [...accepted, ...endingsOf(accepted)].join(',');
}

/** The accepted types as people know them, such as `.csv, .txt or image/x`. @param {readonly string[]} accepted */
export function typesInWords(accepted) {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(
    accepted.flatMap((type) => {
      const endings = endingsOf([type]);
      return endings.length > 0 ? endings : [type];
    }),
  );
}

/** @param {readonly string[]} types */
function endingsOf(types) {
  return Object.entries(typesOfEndings).flatMap(([ending, type]) =>
    types.includes(type) ? [`.${ending}`] : [],
  );
}
