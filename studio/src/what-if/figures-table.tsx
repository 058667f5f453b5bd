/** The figures behind the plots, by policy. */
import type { ComparedFigure, ComparedPolicy, ComparedSlice } from '../../../src/server/contract.ts';
import table from '../shell/table.module.css';
import { earnedOf } from './plot-rows.ts';
import { boundsText, direction, liftText, rewardText, VERDICTS } from './words.ts';

interface FiguresTableProps {
  readonly slice: ComparedSlice;
  readonly policies: readonly ComparedPolicy[];
}

function Cell({
  figure,
  text,
  lift = false,
}: {
  figure: ComparedFigure | null;
  text: (value: number) => string;
  lift?: boolean;
}) {
  if (figure === null) return <td>–</td>;
  const standing = lift ? { more: 'better', less: 'worse', open: undefined }[direction(figure)] : undefined;
  return (
    <td data-standing={standing}>
      {text(figure.value)}
      <small>{boundsText(figure.interval, text)}</small>
    </td>
  );
}

export function FiguresTable({ slice, policies }: FiguresTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={table.frame} aria-label="The figures" tabIndex={0}>
      <table className={table.table}>
        <caption className="visually-hidden">
          Values and lifts with their intervals; refused ones are not given.
        </caption>
        <thead>
          <tr>
            <th scope="col">Policy</th>
            <th scope="col">Verdict</th>
            <th scope="col">Earned a decision</th>
            <th scope="col">Over served</th>
            <th scope="col">Over popularity</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">what served</th>
            <td>known</td>
            <Cell figure={slice.served} text={rewardText} />
            <td>–</td>
            <td>–</td>
          </tr>
          {policies.map((policy) => {
            const isRefused = policy.verdict === 'refused';
            return (
              <tr key={policy.name}>
                <th scope="row">{policy.name}</th>
                <td>{VERDICTS[policy.verdict]}</td>
                <Cell figure={isRefused ? null : earnedOf(policy)} text={rewardText} />
                <Cell figure={isRefused ? null : policy.liftOverServed} text={liftText} lift />
                <Cell figure={isRefused ? null : policy.liftOverPopularity} text={liftText} lift />
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
