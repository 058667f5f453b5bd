/** `shelfwise/client/react`: impressions as a hook. React itself comes from the app. */
import { createContext, createElement, type ReactNode, type RefCallback, useCallback, useContext, useRef } from 'react';
import type { ShelfwiseClient } from './client.ts';
import type { ImpressionReference } from './impressions.ts';

const Client = createContext<ShelfwiseClient | null>(null);

/** Gives the client to what is below. */
export function ShelfwiseProvider({ client, children }: { client: ShelfwiseClient; children?: ReactNode }) {
  return createElement(Client.Provider, { value: client }, children);
}

/** The client of the nearest `ShelfwiseProvider`; throws where there is none. */
export function useShelfwise(): ShelfwiseClient {
  const client = useContext(Client);
  if (client === null) throw new Error('useShelfwise: put a <ShelfwiseProvider client={…}> around it');
  return client;
}

/**
 * A ref for the element of a shelf (or of a card): tells once that it was seen, at least half of it for at least a second.
 * `undefined` while there is nothing to tell of, such as before a Home has come.
 *
 * `<section ref={useImpression({ decisionId: page.decisionId, shelfRank: shelf.rank })}>`
 */
export function useImpression(reference: ImpressionReference | undefined): RefCallback<Element> {
  const client = useShelfwise();
  const release = useRef<(() => void) | undefined>(undefined);
  const decisionId = reference?.decisionId;
  const shelfRank = reference?.shelfRank;
  const cardRank = reference?.cardRank;
  return useCallback(
    (element: Element | null) => {
      release.current?.();
      release.current =
        element === null || decisionId === undefined || shelfRank === undefined
          ? undefined
          : client.impressions.register(element, { decisionId, shelfRank, cardRank });
    },
    [client, decisionId, shelfRank, cardRank],
  );
}
