/** The Home that was looked at last in this tab, so that its link leads back to it and not to the question whose Home it shall be. */

const STORAGE = 'shelfwise-last-home';

/** What the Home's address holds: see the Home's own route for what the names mean. */
export type HomeLink = Readonly<Record<string, string | true>>;

export function rememberHome(search: HomeLink): void {
  sessionStorage.setItem(STORAGE, JSON.stringify(search));
}

export function lastHome(): HomeLink {
  const known = sessionStorage.getItem(STORAGE);
  return known === null ? {} : (JSON.parse(known) as HomeLink);
}
