/** One item: facts, what it is part of, its neighbours, and how Home has shown it. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { Item } from '../../../src/server/contract.ts';
import { ApiProblem, fetchItem } from '../shell/api.ts';
import { Cover } from '../shell/cover.tsx';
import { BackIcon } from '../shell/icons.tsx';
import { PageMain } from '../shell/page-main.tsx';
import { Failure, Message, Skeleton } from '../shell/states.tsx';
import { Exposure } from './exposure.tsx';
import { Facts } from './facts.tsx';
import styles from './item-page.module.css';
import { KIND_WORDS } from './kinds.ts';
import { Neighbours } from './neighbours.tsx';
import { Relatives } from './relatives.tsx';

const route = getRouteApi('/catalogue/$itemId');

const back = (
  <Link to="/catalogue" className={styles.back}>
    <BackIcon /> Catalogue
  </Link>
);

function Lead({ item }: { readonly item: Item }) {
  const creators = item.creators ?? [];
  return (
    <>
      {KIND_WORDS[item.kind].one}
      {creators.length > 0 && ' by '}
      {creators.map(({ id, name }, index) => (
        <span key={id}>
          {index > 0 && ', '}
          <Link to="/catalogue/$itemId" params={{ itemId: id }} className={styles.creator}>
            {name}
          </Link>
        </span>
      ))}
      {item.explicit === true && <span className={styles.tag}>Explicit</span>}
    </>
  );
}

export function ItemPage() {
  const { itemId } = route.useParams();
  const {
    data: item,
    error,
    refetch,
  } = useQuery({
    queryKey: ['item', itemId],
    queryFn: () => fetchItem(itemId),
  });
  if (error instanceof ApiProblem && error.status === 404) {
    return (
      <PageMain title="No such item" above={back}>
        <Message
          title="The catalogue does not hold it"
          text={`There is no item “${itemId}”: it was taken out, or only events speak of it.`}
          remedy="Search the catalogue for its title."
        />
      </PageMain>
    );
  }
  if (item === undefined) {
    return (
      <PageMain title={error === null ? 'Item' : itemId} above={back} picture={<span className={styles.picture} />}>
        {error === null ? (
          <div className={styles.panels} aria-busy="true">
            <Skeleton heightPx={320} />
            <Skeleton heightPx={320} />
          </div>
        ) : (
          <Failure failure={error} onRetry={() => void refetch()} />
        )}
      </PageMain>
    );
  }
  return (
    <PageMain
      key={item.id}
      title={item.title}
      lead={<Lead item={item} />}
      above={back}
      picture={<Cover card={{ ...item, image: item.image ?? '' }} className={styles.picture ?? ''} />}
    >
      <div className={styles.panels}>
        <Exposure itemId={item.id} />
        <Facts item={item} />
        <Relatives item={item} />
        <Neighbours itemId={item.id} />
      </div>
    </PageMain>
  );
}
