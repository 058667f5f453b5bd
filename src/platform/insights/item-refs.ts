/** Items as lists show them: by number or by id, also those that the catalogue does not hold. */
import {
  GENERATED_SLOTS,
  type Item,
  type ItemRef,
  isGenerated,
  slotOf,
  slotOfId,
  type Vocabulary,
} from '../../domain/index.ts';

export interface ItemRefs {
  byId(id: string): ItemRef;
  byNumber(item: number): ItemRef;
}

export function createItemRefs(items: Vocabulary, get: (id: string) => Item | undefined): ItemRefs {
  const byId = (id: string): ItemRef => {
    const item = get(id);
    if (item !== undefined) {
      return { id, kind: item.kind, title: item.title, subtitle: subtitleOf(item, get), image: item.image ?? '' };
    }
    const slot = slotOfId(id);
    if (slot >= 0)
      return { id, kind: 'playlist', title: slotTitle(slot), subtitle: 'Made for one listener', image: '' };
    return { id, kind: null, title: id, subtitle: '', image: '' };
  };
  return {
    byId,
    byNumber: (item) => byId(isGenerated(item) ? `generated:${GENERATED_SLOTS[slotOf(item)]}` : items.name(item)),
  };
}

/** Who it is by, or what it is part of. */
function subtitleOf(item: Item, get: (id: string) => Item | undefined): string {
  const creators = (item.creators ?? []).map(({ name }) => name).join(', ');
  if (item.kind === 'episode' && item.parentId !== undefined) return get(item.parentId)?.title ?? creators;
  return creators;
}

/** "Daily mix 1" */
function slotTitle(slot: number): string {
  const words = GENERATED_SLOTS[slot].replaceAll('-', ' ');
  return `${words[0].toUpperCase()}${words.slice(1)}`;
}
