/** Who speaks in this browser: what people change is kept with a name. */

const STORAGE = 'shelfwise-author';

/** Empty before somebody said so. */
export function lastAuthor(): string {
  return localStorage.getItem(STORAGE) ?? '';
}

export function rememberAuthor(author: string): void {
  localStorage.setItem(STORAGE, author.trim());
}
