/**
 * What Home says, in the listener's language. A shelf or a card tells a message with its values; here it becomes text.
 * Templates are compiled once a language, texts are kept by language, message and values: a page is told from the cache.
 */
import { IntlMessageFormat } from 'intl-messageformat';
import { utf8 } from '../../base/index.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { sv } from './sv.ts';
import { type MessageId, type PlainMessageId, type Templates, VALUES, type ValuesOf } from './values.ts';

export { type MessageId, type PlainMessageId, type Templates, VALUES, type ValuesOf } from './values.ts';

/** The languages that Home speaks; the first is spoken to those whose language it does not know. */
export const LANGUAGES = ['en', 'de', 'es', 'sv'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The templates of each language. */
export const TEMPLATES: Readonly<Record<Language, Templates>> = { en, de, es, sv };

/** A message and its values: the same thing in every language. */
export interface Told {
  readonly message: MessageId;
  /** In the order of the message's declaration. */
  readonly values: readonly (string | number)[];
}

/** Tells a message: `told('more-like.title', { item: 'Nina Simone' })`. Types hold it to the values of its declaration. */
export function told<M extends MessageId>(
  message: M,
  ...values: (typeof VALUES)[M] extends readonly [] ? [] : [ValuesOf<M>]
): Told {
  const given = values[0] as Readonly<Record<string, string | number>> | undefined;
  return { message, values: given === undefined ? [] : VALUES[message].map((name) => given[name]) };
}

/** For what says the same whatever it is about. */
export function always(message: PlainMessageId): () => Told {
  const what = told(message);
  return () => what;
}

/** The language of Home for a BCP 47 tag: `de-CH` is spoken to in German, `xx` in English. */
export function languageOf(tag: string): Language {
  const dash = tag.indexOf('-');
  const primary = dash < 0 ? tag : tag.slice(0, dash);
  return LANGUAGES.find((language) => language === primary) ?? LANGUAGES[0];
}

/** Texts kept of one message in one language; past it they are made anew. Seeds of shelves are artists and shows. */
const KEPT_TEXTS = 20_000;

interface Phrase {
  readonly format: IntlMessageFormat;
  /** JSON of a message without values. */
  plain: Uint8Array | undefined;
  /** JSON by the values, joined. */
  readonly kept: Map<string, Uint8Array>;
}

const phrases: Readonly<Record<Language, Map<MessageId, Phrase>>> = {
  en: new Map(),
  de: new Map(),
  es: new Map(),
  sv: new Map(),
};

function phraseOf(message: MessageId, language: Language): Phrase {
  const known = phrases[language].get(message);
  if (known !== undefined) return known;
  const made = {
    format: new IntlMessageFormat(TEMPLATES[language][message], language),
    plain: undefined,
    kept: new Map(),
  };
  phrases[language].set(message, made);
  return made;
}

/** What is told, as text: made anew. */
export function textOf({ message, values }: Told, language: Language): string {
  const named = Object.fromEntries(VALUES[message].map((name, i) => [name, values[i]]));
  return String(phraseOf(message, language).format.format(named));
}

/** What is told, as a JSON string in UTF-8: kept, so not to be written to. */
export function jsonOf(what: Told, language: Language): Uint8Array {
  const { values } = what;
  const phrase = phraseOf(what.message, language);
  if (values.length === 0) {
    phrase.plain ??= utf8(JSON.stringify(textOf(what, language)));
    return phrase.plain;
  }
  const { kept } = phrase;
  // No title holds a control character.
  const key = values.length === 1 ? String(values[0]) : values.join('\n');
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = utf8(JSON.stringify(textOf(what, language)));
  if (kept.size >= KEPT_TEXTS) kept.clear();
  kept.set(key, made);
  return made;
}
