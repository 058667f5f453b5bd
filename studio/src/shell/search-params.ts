/**
 * What the address bar holds after the `?`, plain and short: text as it is, true as 1, nothing where a page's default holds.
 * The router's own form writes JSON, in which a listener called "7" needs quotes.
 */

export type SearchRecord = Readonly<Record<string, unknown>>;

/** The first value of each name. */
export function parseSearch(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) found[name] ??= value;
  return found;
}

/** `?a=1&b=2`, or nothing; undefined, null, false and empty texts are left out. Slashes, colons and commas stay readable. */
export function formatSearch(search: SearchRecord): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(search)) {
    if (value === undefined || value === null || value === false || value === '') continue;
    const text = value === true ? '1' : String(value);
    parts.push(
      `${encodeURIComponent(name)}=${encodeURIComponent(text).replace(/%(3A|2C|2F)/g, (escaped) => decodeURIComponent(escaped))}`,
    );
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** The text of a name in what was parsed; undefined when it is missing, empty or no text. */
export function textOf(search: SearchRecord, name: string): string | undefined {
  const value = search[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** One of a known list of texts, or undefined. */
export function oneOf<Known extends string>(
  search: SearchRecord,
  name: string,
  known: readonly Known[],
): Known | undefined {
  const value = textOf(search, name);
  return known.find((one) => one === value);
}

/** True for `1` and `true`, undefined for anything else: a switch that is off is not in the address. */
export function switchOf(search: SearchRecord, name: string): true | undefined {
  const value = search[name];
  return value === true || value === '1' || value === 'true' ? true : undefined;
}

/** What may be absent, without saying undefined. */
export type Compact<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** Without what is undefined, so that links and comparisons see what is set. */
export function compact<Fields extends object>(fields: Fields): Compact<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Compact<Fields>;
}
