/** Numbers that are functions of a word, by its code in a dictionary. */

interface Known {
  numbers: Float64Array;
  /** Words whose numbers are there. */
  count: number;
}

/**
 * Computes the number of each word once, however many chunks and accumulators ask, and keeps it as long as the dictionary is in
 * use: 8 bytes a word. The array that is given may be longer than the dictionary, and is valid until the dictionary has grown.
 */
export function perWord(numberOf: (word: string) => number): (words: readonly string[]) => Float64Array {
  const byDictionary = new WeakMap<readonly string[], Known>();
  return (words) => {
    let known = byDictionary.get(words);
    if (!known) {
      known = { numbers: new Float64Array(words.length), count: 0 };
      byDictionary.set(words, known);
    }
    if (known.numbers.length < words.length) {
      const grown = new Float64Array(Math.max(words.length, 2 * known.numbers.length));
      grown.set(known.numbers);
      known.numbers = grown;
    }
    while (known.count < words.length) known.numbers[known.count] = numberOf(words[known.count++]);
    return known.numbers;
  };
}
