/**
 * Secrets out of text that others wrote. Slipway never knows a secret's value, so they are told by how they look and by
 * the names they stand behind; rather too much is taken out than too little. What looks like nothing and stands behind no
 * name cannot be found.
 */
const mark = '[redacted]';

/**
 * The same lines, as many as before, without
 * - PEM blocks, also over several lines and with one end missing;
 * - the value behind a name that holds a secret (`secretNames`, or a name with `password`, `token`, `api_key` … in it),
 *   quoted or up to the next space; to the end of a line that is nothing but `NAME=value` of one of `secretNames`;
 * - whole Authorization and Cookie headers, passwords in addresses, tokens of well-known services;
 * - 32 and more characters of hexadecimal, except a digest behind `sha256:`, or of base64, except a path: it starts with
 *   `/` and its parts are short.
 *
 * Redacting twice changes nothing more.
 * @param secretNames variables that are bound to secrets
 */
export function redact(lines: readonly string[], secretNames: readonly string[]): string[] {
  const rules = [...(secretNames.length === 0 ? [] : rulesOfNames(secretNames)), ...usualRules];
  return withoutPem(lines).map((line) => rules.reduce((text, rule) => rule(text), line));
}

type Rule = (text: string) => string;

/** @param pattern what stays is its first group */
const hiding =
  (pattern: RegExp): Rule =>
  (text) =>
    text.replace(pattern, (_, kept: unknown) => (typeof kept === 'string' ? kept : '') + mark);

/** The quotes stay, so that JSON stays readable; a quote that is never closed hides the rest. */
function hidingBehind(name: string): Rule {
  const value = String.raw`"(?:[^"\\]|\\.)*(?:"|\\?$)|'(?:[^'\\]|\\.)*(?:'|\\?$)|[^\s"']\S*`;
  const pattern = new RegExp(String.raw`(${name}["']?\s*[:=]\s*)(${value})`, 'gis');
  return (text) =>
    text.replace(pattern, (_, kept: string, found: string) => {
      const quote = /^["']/.exec(found)?.[0] ?? '';
      return kept + quote + mark + quote;
    });
}

function rulesOfNames(names: readonly string[]): Rule[] {
  const any = names.map((name) => name.replace(/\W/g, String.raw`\$&`)).join('|');
  return [
    hiding(new RegExp(String.raw`^(\s*(?:export\s+)?(?:${any})=).+`, 's')),
    hidingBehind(String.raw`(?<!\w)(?:${any})`),
  ];
}

const sensitive =
  'passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|signature';

const usualRules: readonly Rule[] = [
  hiding(/((?:authorization|cookie)["']?\s*[:=]\s*).+/gis),
  hidingBehind(String.raw`(?:${sensitive})[\w.-]{0,60}`),
  hiding(/(bearer\s+)[\w.~+/=-]{16,}/gi),
  // Up to the last @ of the word: a password may hold one.
  hiding(/(:\/\/[^\s:/@"']*:)[^\s"']+(?=@)/g),
  hiding(/(:\/\/)[^\s:/@"'[]{16,}(?=@)/g),
  hiding(/eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)*/g),
  // Google, GitHub, Slack, Stripe and their like, AWS, npm, GitLab.
  hiding(
    /(?:ya29\.[\w.-]+|AIza[\w-]{30,}|GOCSPX-[\w-]+|gh[a-z]_\w{16,}|github_pat_\w+|xox[a-z]-[\w-]+|xapp-[\w-]+|(?<![a-z])[sr]k[_-][\w-]{16,}|A[KS]IA[A-Z0-9]{12,}|npm_\w{16,}|glpat-[\w-]+)/g,
  ),
  hiding(/(hooks\.slack\.com\/services\/)[\w/]+/g),
  (text) => text.replace(/[\w+/.@-]{32,}={0,2}/g, hidingBase64),
  hiding(/(?<!sha256:[0-9a-f]*)[0-9a-f]{32,}/gi),
];

function hidingBase64(word: string): string {
  const isShort = (part: string): boolean => part.length < 24 || !isMixed(part);
  return word.replace(/[\w+/-]{32,}={0,2}/g, (run) =>
    !isMixed(run) || (word.startsWith('/') && run.split('/').every(isShort)) ? run : mark,
  );
}

const isMixed = (text: string): boolean => /[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text);

/** Begin and end may be missing, stand on one line or in the wrong order: what is not surely outside is inside. */
function withoutPem(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let inside = false;
  for (const line of lines) {
    let out = inside ? mark : '';
    let from = 0;
    for (const { 0: marker, 1: kind, index } of line.matchAll(/-----(BEGIN|END) [^-]*-----/g)) {
      if (kind === 'BEGIN' && !inside) out += line.slice(from, index) + mark;
      if (kind === 'END' && !inside) {
        // It began before: what stands there and could be of it goes too.
        out = mark;
        for (let at = kept.length - 1; /^[\w+/=-]+$/.test(kept[at]?.trim() ?? ''); at -= 1) kept[at] = mark;
      }
      inside = kind === 'BEGIN';
      from = index + marker.length;
    }
    kept.push(inside ? out : out + line.slice(from));
  }
  return kept;
}
