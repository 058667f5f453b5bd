/** What the listener thinks of cards and shelves: likes, follows and what is hidden, shown at once, told to the platform, and taken back. */
import { useCallback, useMemo, useState } from 'react';
import type { PageShelf } from '../../../src/server/contract.ts';
import type { Notify } from '../shell/use-notices.ts';
import { type EventPart, type Origin, type Playable, referring } from './playback.ts';
import type { Reporter } from './reporter.ts';

export interface Reactions {
  readonly liked: ReadonlySet<string>;
  readonly followed: ReadonlySet<string>;
  /** Ids of items. */
  readonly hidden: ReadonlySet<string>;
  /** Ids of shelves. */
  readonly hiddenShelves: ReadonlySet<string>;
  toggleLike(item: Playable, origin: Origin): void;
  toggleFollow(item: Playable, origin: Origin): void;
  hide(item: Playable, origin: Origin): void;
  hideShelf(shelf: PageShelf, decisionId: string): void;
}

type Reaction = Extract<EventPart['type'], 'like' | 'unlike' | 'follow' | 'unfollow' | 'hide' | 'unhide'>;

const WORDS: Readonly<Record<Reaction, (title: string) => string>> = {
  like: (title) => `You like ${title}`,
  unlike: (title) => `You no longer like ${title}`,
  follow: (title) => `You follow ${title}`,
  unfollow: (title) => `You no longer follow ${title}`,
  hide: (title) => `${title} will not come back`,
  unhide: (title) => `${title} may come back`,
};
const OPPOSITE: Readonly<Record<Reaction, Reaction>> = {
  like: 'unlike',
  unlike: 'like',
  follow: 'unfollow',
  unfollow: 'follow',
  hide: 'unhide',
  unhide: 'hide',
};

type Shown = ReadonlyMap<string, boolean>;
const NOTHING: Shown = new Map();

function present(shown: Shown, known: readonly string[] = []): ReadonlySet<string> {
  const all = new Set(known);
  for (const [id, on] of shown) {
    if (on) all.add(id);
    else all.delete(id);
  }
  return all;
}

/**
 * @param knownFollows what the listener followed before this page was opened.
 * @param onChanged called when the platform has a reaction.
 */
export function useReactions(
  knownFollows: readonly string[],
  reporter: Reporter,
  notify: Notify,
  onChanged: () => void,
  onFailure: (failure: unknown) => void,
): Reactions {
  const [likes, setLikes] = useState(NOTHING);
  const [follows, setFollows] = useState(NOTHING);
  const [hides, setHides] = useState(NOTHING);
  const [shelfHides, setShelfHides] = useState(NOTHING);

  const show = useCallback((reaction: Reaction, part: EventPart) => {
    const on = reaction === 'like' || reaction === 'follow' || reaction === 'hide';
    const set =
      reaction === 'like' || reaction === 'unlike'
        ? setLikes
        : reaction === 'follow' || reaction === 'unfollow'
          ? setFollows
          : part.shelfId === undefined
            ? setHides
            : setShelfHides;
    const id = part.shelfId ?? part.itemId ?? '';
    set((now) => new Map(now).set(id, on));
  }, []);

  /** Shown at once; what the platform refuses is shown as it was. */
  const react = useCallback(
    (reaction: Reaction, about: Omit<EventPart, 'type'>, title: string) => {
      const part: EventPart = { ...about, type: reaction };
      show(reaction, part);
      const { decisionId, shelfRank } = about.reference ?? {};
      // Who acts on a shelf has seen it, however short the look: it keeps its place on the next Home.
      if (decisionId !== undefined && shelfRank !== undefined) reporter.seen(decisionId, shelfRank);
      const undo = OPPOSITE[reaction];
      reporter.report([part]).then(onChanged, (failure: unknown) => {
        show(undo, part);
        onFailure(failure);
      });
      notify({ text: WORDS[reaction](title), action: { label: 'Undo', run: () => react(undo, about, title) } });
    },
    [show, reporter, notify, onChanged, onFailure],
  );

  const liked = useMemo(() => present(likes), [likes]);
  const followed = useMemo(() => present(follows, knownFollows), [follows, knownFollows]);
  return useMemo(() => {
    const about = (item: Playable, origin: Origin) => ({ itemId: item.id, ...referring(origin) });
    return {
      liked,
      followed,
      hidden: present(hides),
      hiddenShelves: present(shelfHides),
      toggleLike: (item, origin) => react(liked.has(item.id) ? 'unlike' : 'like', about(item, origin), item.title),
      toggleFollow: (item, origin) =>
        react(followed.has(item.id) ? 'unfollow' : 'follow', about(item, origin), item.title),
      hide: (item, origin) => react('hide', about(item, origin), item.title),
      hideShelf: (shelf, decisionId) =>
        react('hide', { shelfId: shelf.id, reference: { decisionId, shelfRank: shelf.rank } }, `“${shelf.title}”`),
    };
  }, [liked, followed, hides, shelfHides, react]);
}
