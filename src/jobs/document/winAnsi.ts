/** A text that PDF's standard fonts can show, and how many characters had to be replaced for that. */
export interface WinAnsiText {
  readonly text: string;
  readonly replaced: number;
}

/** What stands for a character that the fonts do not have. */
export const replacement = '?';

/**
 * PDF's standard fonts have the characters of Windows-1252 and no others. What is only another form of those becomes
 * them (`ő` o, `→` ->, `ﬁ` fi), what has no form of its own goes (control characters, joiners), and every other
 * character, an emoji of many code points too, becomes one question mark. Tabs, line ends and form feeds stay.
 */
export function toWinAnsi(given: string): WinAnsiText {
  if (!unfit.test(given)) return { text: given, replaced: 0 };
  let replaced = 0;
  const text = given
    .replace(terminalSequences, '')
    .normalize('NFC')
    .replace(unfitRuns, (run) =>
      Array.from(graphemes.segment(run), ({ segment }) => {
        const folded = fold(segment);
        if (!unfit.test(folded)) return folded;
        replaced += 1;
        return replacement;
      }).join(''),
    );
  return { text, replaced };
}

function fold(grapheme: string): string {
  return Array.from(grapheme, substitute)
    .join('')
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}\p{Cc}]/gu, '')
    .replace(unfitRuns, (run) => Array.from(run, substitute).join(''));
}

function substitute(character: string): string {
  return substitutes.get(character) ?? character;
}

const fit = '\\t\\n\\f\\x20-\\x7E\\xA0-\\xFF€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';
const unfit = new RegExp(`[^${fit}]`, 'u');
const unfitRuns = new RegExp(`[^${fit}]+`, 'gu');

/** Colours and the like, as programs write them for terminals. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what such a sequence begins with
const terminalSequences = /\u001B\[[\d;?]*[ -/]*[@-~]/g;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Unicode knows no decomposition of these. */
const substitutes = new Map(
  Object.entries({
    '-': '‐‑‒−─━═╌┄',
    '|': '│┃║╎┆',
    '+': '┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬╭╮╯╰',
    "'": '′ʼ',
    '"': '″',
    '/': '⁄∕',
    '*': '∗',
    '~': '∼≈',
    '<=': '≤',
    '>=': '≥',
    '!=': '≠',
    '->': '→',
    '<-': '←',
    '=>': '⇒',
    '<->': '↔',
    '—': '―',
    '•': '●▪■◦∙‣',
    '·': '⋅',
    l: 'łŀ',
    L: 'ŁĿ',
    d: 'đ',
    D: 'Đ',
    h: 'ħ',
    H: 'Ħ',
    i: 'ı',
    t: 'ŧ',
    T: 'Ŧ',
    n: 'ŋ',
    N: 'Ŋ',
  }).flatMap(([plain, characters]) => Array.from(characters, (character) => [character, plain] as const)),
);
