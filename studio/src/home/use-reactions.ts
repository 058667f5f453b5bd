/** What the listener thinks of cards: likes, follows and what is hidden, shown at once and told to the platform. */
import { useCallback, useMemo, useState } from 'react';
import type { PageCard } from '../../../src/server/contract.ts';
import type { Notify } from '../shell/use-notices.ts';
import type { EventPart, Origin } from './playback.ts';
import type { Reporter } from './reporter.ts';

export interface Reactions {
  readonly liked: ReadonlySet<string>;
  readonly followed: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  toggleLike(card: PageCard, origin: Origin): void;
  toggleFollow(card: PageCard, origin: Origin): void;
  hide(card: PageCard, origin: Origin): void;
}

type Reaction = Extract<EventPart['type'], 'like' | 'unlike' | 'follow' | 'unfollow' | 'hide'>;

const WORDS: Readonly<Record<Reaction, (title: string) => string>> = {
  like: (title) => `You like ${title}`,
  unlike: (title) => `You no longer like ${title}`,
  follow: (title) => `You follow ${title}`,
  unfollow: (title) => `You no longer follow ${title}`,
  hide: (title) => `${title} will not come back`,
};
const OPPOSITE: Readonly<Partial<Record<Reaction, Reaction>>> = {
  like: 'unlike',
  unlike: 'like',
  follow: 'unfollow',
  unfollow: 'follow',
};

function changed(set: ReadonlySet<string>, id: string, present: boolean): ReadonlySet<string> {
  const next = new Set(set);
  if (present) next.add(id);
  else next.delete(id);
  return next;
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
  const [liked, setLiked] = useState<ReadonlySet<string>>(new Set());
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [follows, setFollows] = useState<ReadonlyMap<string, boolean>>(new Map());
  const followed = useMemo(() => {
    const all = new Set(knownFollows);
    for (const [id, on] of follows) {
      if (on) all.add(id);
      else all.delete(id);
    }
    return all;
  }, [knownFollows, follows]);

  const show = useCallback((reaction: Reaction, id: string) => {
    if (reaction === 'hide') setHidden((now) => changed(now, id, true));
    else if (reaction === 'like' || reaction === 'unlike') setLiked((now) => changed(now, id, reaction === 'like'));
    else setFollows((now) => new Map(now).set(id, reaction === 'follow'));
  }, []);

  const react = useCallback(
    (reaction: Reaction, card: PageCard, origin: Origin) => {
      const { decisionId, shelfRank, cardRank } = origin;
      show(reaction, card.id);
      const part: EventPart = { type: reaction, itemId: card.id, reference: { decisionId, shelfRank, cardRank } };
      // Who acts on a shelf has seen it, however short the look: it keeps its place on the next Home.
      reporter.seen(decisionId, shelfRank);
      reporter.report([part]).then(onChanged, onFailure);
      const undo = OPPOSITE[reaction];
      notify({
        text: WORDS[reaction](card.title),
        ...(undo === undefined ? {} : { action: { label: 'Undo', run: () => react(undo, card, origin) } }),
      });
    },
    [show, reporter, notify, onChanged, onFailure],
  );

  return useMemo(
    () => ({
      liked,
      followed,
      hidden,
      toggleLike: (card, origin) => react(liked.has(card.id) ? 'unlike' : 'like', card, origin),
      toggleFollow: (card, origin) => react(followed.has(card.id) ? 'unfollow' : 'follow', card, origin),
      hide: (card, origin) => react('hide', card, origin),
    }),
    [liked, followed, hidden, react],
  );
}
