/** What an item is part of, and what is part of it. */
import { useQuery } from '@tanstack/react-query';
import type { Item } from '../../../src/server/contract.ts';
import { Panel } from '../shell/panel.tsx';
import { Failure, Skeleton } from '../shell/states.tsx';
import { fetchRelatives } from './api.ts';
import { ItemCard } from './item-card.tsx';
import styles from './item-grid.module.css';
import { CHILDREN_WORDS } from './kinds.ts';

const SHOWN = 24;
const WAITING_PX = 220;

export function Relatives({ item }: { readonly item: Item }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['item-relatives', item.id],
    queryFn: ({ signal }) => fetchRelatives(item.id, signal),
  });
  const title = CHILDREN_WORDS[item.kind] ?? 'Part of';
  if (error !== null)
    return (
      <Panel title={title} wide>
        <Failure failure={error} onRetry={() => void refetch()} />
      </Panel>
    );
  if (data === undefined)
    return (
      <Panel title={title} wide>
        <Skeleton heightPx={WAITING_PX} />
      </Panel>
    );
  const { parent, children, childCount } = data;
  const above = [...(parent === null ? [] : [parent]), ...data.creators.filter(({ id }) => id !== parent?.id)];
  const list = children.length > 0 ? children.slice(0, SHOWN) : above;
  if (list.length === 0) return null;
  const more = childCount > SHOWN ? `the newest ${SHOWN} of ${childCount.toLocaleString('en')}` : undefined;
  return (
    <Panel
      title={children.length > 0 ? title : 'Part of'}
      {...(children.length > 0 ? { note: more ?? String(childCount) } : {})}
      wide
    >
      <ul className={styles.grid}>
        {list.map((one) => (
          <li key={one.id}>
            <ItemCard item={one} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
