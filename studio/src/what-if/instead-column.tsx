/** One of two pages: its shelves and cards, what stands on this side only, and the chance of each choice under both policies. */
import { Link } from '@tanstack/react-router';
import type { InsteadCard, InsteadChoice, InsteadRow } from '../../../src/server/contract.ts';
import beside from '../shell/beside.module.css';
import { Cover } from '../shell/cover.tsx';
import type { SideBySide, SidePage } from '../shell/side-by-side.ts';
import { countText } from '../shell/times.ts';
import { BothChances } from './both-chances.tsx';

export type Side = 'logged' | 'instead';

export function sidePageOf(rows: readonly InsteadRow[]): SidePage {
  return { shelves: rows.map(({ id, cards }) => ({ id, cards: cards.map(({ item }) => ({ id: item.id })) })) };
}

function placeText(id: string, both: SideBySide, of: Side): string {
  const rise = both.rises.get(id);
  if (rise === undefined) return 'only here';
  if (of === 'logged' || rise === 0) return '';
  return rise > 0 ? `↑ ${rise}` : `↓ ${-rise}`;
}

function Chances({ choice, of }: { readonly choice: InsteadChoice; readonly of: Side }) {
  return <BothChances logged={choice.logged} instead={choice.instead} forced={choice.forced} drawnBy={of} />;
}

function Card({ card, isShared, of }: { readonly card: InsteadCard; readonly isShared: boolean; readonly of: Side }) {
  const { item } = card;
  const picture = (
    <>
      <Cover card={item} />
      <span className={beside.cardTitle}>{item.title}</span>
      {!isShared && <span className="visually-hidden"> (only here)</span>}
      <Chances choice={card} of={of} />
    </>
  );
  return (
    <li className={beside.card} data-only={!isShared} title={item.title}>
      {item.kind === null || item.id.startsWith('generated:') ? (
        <span>{picture}</span>
      ) : (
        <Link to="/catalogue/$itemId" params={{ itemId: item.id }}>
          {picture}
        </Link>
      )}
    </li>
  );
}

interface InsteadColumnProps {
  readonly name: string;
  readonly policy: string;
  readonly other: string;
  readonly rows: readonly InsteadRow[];
  /** Undefined where there is one page only. */
  readonly both: SideBySide | undefined;
  readonly of: Side;
}

export function InsteadColumn({ name, policy, other, rows, both, of }: InsteadColumnProps) {
  return (
    <section className={beside.column} aria-label={name}>
      <header className={beside.columnHead}>
        <h2>{name}</h2>
        <p>
          {of === 'logged' && `${policy} · `}
          {countText(rows.length, 'shelf', 'shelves')}
          {both !== undefined && (
            <span className="visually-hidden">
              ; chances under {policy}, then {other}
            </span>
          )}
        </p>
      </header>
      <ol className={beside.shelves}>
        {rows.map((row, rank) => {
          const place = both === undefined ? '' : placeText(row.id, both, of);
          return (
            <li key={row.id} className={beside.shelf} data-only={both !== undefined && !both.shelves.has(row.id)}>
              <h3>
                <span className={beside.rank}>{rank + 1}</span>
                <span className={beside.shelfTitle}>{row.title}</span>
                {place !== '' && <span className={beside.place}>{place}</span>}
                <Chances choice={row} of={of} />
              </h3>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
              <ol className={beside.cards} tabIndex={0} aria-label={row.title}>
                {row.cards.map((card) => (
                  <Card
                    key={card.item.id}
                    card={card}
                    isShared={both === undefined || both.cards.has(card.item.id)}
                    of={of}
                  />
                ))}
              </ol>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
