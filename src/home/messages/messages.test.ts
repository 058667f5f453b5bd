import fc from 'fast-check';
import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, it } from 'vitest';
import { jsonOf, LANGUAGES, languageOf, type MessageId, TEMPLATES, textOf, told, VALUES } from './index.ts';

/** The parts of a parsed template, as the library gives them. */
type Part = ReturnType<IntlMessageFormat['getAst']>[number];

const ids = Object.keys(VALUES) as MessageId[];

/** Of the template and of every branch in it. */
function partsOf(template: string): Part[] {
  const inner = (parts: readonly Part[]): Part[] =>
    parts.flatMap((part) => [
      part,
      ...('options' in part ? Object.values(part.options).flatMap(({ value }) => inner(value)) : []),
    ]);
  return inner(new IntlMessageFormat(template, 'en').getAst());
}

const LITERAL = 0;

/** Names of what a template is told with. `#` has none. */
function placeholdersOf(template: string): string[] {
  const names = partsOf(template).flatMap((part) => (part.type === LITERAL || !('value' in part) ? [] : [part.value]));
  return [...new Set(names)].sort();
}

/** What a template says in so many words. */
function wordsOf(template: string): string {
  return partsOf(template)
    .flatMap((part) => (part.type === LITERAL ? [part.value] : []))
    .join(' ');
}

describe('Messages', () => {
  for (const language of LANGUAGES) {
    it(`parses every template in ${language}, told with the values of its declaration`, () => {
      for (const id of ids) {
        const template = TEMPLATES[language][id];
        expect(placeholdersOf(template), `${id} in ${language}`).toEqual([...VALUES[id]].sort());
      }
    });

    it(`has in ${language} every plural form of the language, and no other`, () => {
      const rules = new Intl.PluralRules(language);
      const { pluralCategories } = rules.resolvedOptions();
      let plurals = 0;
      for (const id of ids) {
        for (const part of partsOf(TEMPLATES[language][id])) {
          if (!('pluralType' in part)) continue;
          plurals++;
          const forms = Object.keys(part.options).filter((form) => !form.startsWith('='));
          expect([...forms].sort(), `${id} in ${language}`).toEqual([...pluralCategories].sort());
        }
      }
      expect(plurals).toBeGreaterThan(0);
    });
  }

  it('leaves no English over, but for words that are the same', () => {
    // Words that German, Spanish or Swedish have too.
    const same: Readonly<Record<string, readonly MessageId[]>> = {
      de: ['card.album', 'card.playlist', 'card.show'],
      es: ['card.minutes'],
      sv: ['card.album', 'card.artist', 'card.minutes'],
    };
    const english = /\b(the|you|your|what|from|with|listen|listeners|shows|popular in|new|for)\b/i;
    for (const language of LANGUAGES.slice(1)) {
      for (const id of ids) {
        const words = wordsOf(TEMPLATES[language][id]);
        if (/\p{L}/u.test(words) && !same[language].includes(id))
          expect(words, `${id} in ${language}`).not.toBe(wordsOf(TEMPLATES.en[id]));
        expect(words, `${id} in ${language}`).not.toMatch(english);
      }
    }
  });

  it('counts days as each language does', () => {
    const days = (n: number) => LANGUAGES.map((language) => textOf(told('card.released', { days: n }), language));
    expect(days(0)).toEqual(['Out today', 'Heute erschienen', 'Publicado hoy', 'Släpptes i dag']);
    expect(days(1)).toEqual(['Out yesterday', 'Gestern erschienen', 'Publicado ayer', 'Släpptes i går']);
    expect(days(3)).toEqual([
      'Out 3 days ago',
      'Vor 3 Tagen erschienen',
      'Publicado hace 3 días',
      'Släpptes för 3 dagar sedan',
    ]);
  });

  it('speaks the language of a tag, of its first part, or English', () => {
    expect(['de', 'de-CH', 'es-MX', 'sv-SE', 'en-GB', 'fr', 'ja-JP', ''].map(languageOf)).toEqual([
      'de',
      'de',
      'es',
      'sv',
      'en',
      'en',
      'en',
      'en',
    ]);
  });

  it('tells any title as it is, as text and as JSON, from the cache as the first time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom(...LANGUAGES), (item, language) => {
        const what = told('more-like.title', { item });
        const text = textOf(what, language);
        expect(text).toContain(item);
        expect(textOf(told('more-like.title', { item }), language)).toBe(text);
        expect(JSON.parse(Buffer.from(jsonOf(what, language)).toString())).toBe(text);
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});
