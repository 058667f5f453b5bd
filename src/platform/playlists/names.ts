/** Names of artists, for titles and reasons: also of those that the catalogue knows only as who made something. */
import type { Vocabularies } from '../../domain/index.ts';
import type { ArtistNames } from '../../home/index.ts';
import type { Catalogue } from '../catalogue.ts';

export function createArtistNames(
  catalogue: Pick<Catalogue, 'get' | 'has' | 'id' | 'title'>,
  vocabularies: Pick<Vocabularies, 'items'>,
): ArtistNames {
  return {
    artist(item) {
      const own = catalogue.get(catalogue.id(item));
      const creator = own?.creators?.[0];
      if (own === undefined || own.kind === 'artist' || creator === undefined) return catalogue.title(item);
      const number = vocabularies.items.lookup(creator.id);
      // An artist who is an item of their own may be called otherwise there.
      return number >= 0 && catalogue.has(number) ? catalogue.title(number) : creator.name;
    },
  };
}
