/** One decision, and what another policy would have shown instead: two pages side by side, each choice with its chance under both. */
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type FormEvent, useMemo, useState } from 'react';
import type { EvaluablePolicy, InsteadDraw, InsteadReport } from '../../../src/server/contract.ts';
import beside from '../shell/beside.module.css';
import form from '../shell/job-form.module.css';
import { PageMain } from '../shell/page-main.tsx';
import { Panel } from '../shell/panel.tsx';
import { marketName } from '../shell/profile.ts';
import { describeShared, putSideBySide } from '../shell/side-by-side.ts';
import { Failure, Message, Skeleton } from '../shell/states.tsx';
import { instantText } from '../shell/times.ts';
import { fetchInstead, fetchPolicies, fetchRecentDecisions } from './api.ts';
import { InsteadColumn, sidePageOf } from './instead-column.tsx';
import { Parts } from './parts.tsx';
import { COLOURS } from './plot-rows.ts';
import { PolicyFields } from './policy-fields.tsx';
import { type AskedPolicy, DRAWS, formatPolicy, parsePolicy, plain, policyName, underEvaluation } from './question.ts';
import styles from './what-if.module.css';
import { pageWeightText } from './words.ts';

const route = getRouteApi('/what-if/decision');
const RECENT = 12;
const DRAW_NAMES: Readonly<Record<InsteadDraw, string>> = {
  sampled: 'drawn, by the same dice',
  probable: 'most probable at every place',
};

interface AskFormProps {
  readonly decisionId: string;
  readonly policy: AskedPolicy;
  readonly draw: InsteadDraw;
  readonly known: readonly EvaluablePolicy[];
  readonly onAsk: (decisionId: string, policy: AskedPolicy, draw: InsteadDraw) => void;
}

function AskForm({ decisionId, policy, draw, known, onAsk }: AskFormProps) {
  const [id, setId] = useState(decisionId);
  const [asked, setAsked] = useState(policy);
  const [way, setWay] = useState(draw);
  const recent = useQuery({
    queryKey: ['recent-decisions', RECENT],
    queryFn: ({ signal }) => fetchRecentDecisions(RECENT, signal),
  });
  const newest = recent.data?.decisions[0];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (id.trim() !== '') onAsk(id.trim(), asked, way);
  };
  return (
    <Panel title="The question" note="the same listener, moment and candidates; nothing is recorded" wide>
      <form className={form.form} onSubmit={submit}>
        <div className={styles.instead}>
          <TextInput
            label="Decision"
            radius="md"
            autoComplete="off"
            spellCheck={false}
            placeholder="its id: every Home has one"
            list="recent-decisions"
            value={id}
            onChange={(event) => setId(event.currentTarget.value)}
          />
          <datalist id="recent-decisions">
            {(recent.data?.decisions ?? []).map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
          <NativeSelect
            label="Page"
            radius="md"
            value={way}
            onChange={(event) => setWay(DRAWS.find((one) => one === event.currentTarget.value) ?? 'sampled')}
            data={DRAWS.map((value) => ({ value, label: DRAW_NAMES[value] }))}
          />
        </div>
        <PolicyFields label="The other policy" value={asked} known={known} onChange={setAsked} />
        <div className={form.buttons}>
          <Button type="submit" radius="xl" disabled={id.trim() === ''}>
            Show it
          </Button>
          {id.trim() === '' && newest !== undefined && (
            <Button variant="default" radius="xl" onClick={() => onAsk(newest, asked, way)}>
              Of the newest decision
            </Button>
          )}
        </div>
      </form>
    </Panel>
  );
}

function BothPages({ report, onAgain }: { readonly report: InsteadReport; readonly onAgain: () => void }) {
  const { loggedPage, insteadPage, loggedPolicy, policy, pageWeight, whyNot, draw, again } = report;
  const [one, other] = useMemo(
    () => [sidePageOf(loggedPage), sidePageOf(insteadPage ?? [])],
    [loggedPage, insteadPage],
  );
  const both = useMemo(() => putSideBySide(one, other), [one, other]);
  const facts = [report.device, report.market === '' ? '' : marketName(report.market), report.tier].filter(
    (fact) => fact !== '',
  );
  return (
    <>
      <p className={styles.summary} role="status">
        <span>
          {instantText(report.atMs)} · {facts.join(' · ')}
        </span>
        {insteadPage !== null && pageWeight !== null && (
          <span>
            {describeShared(one, other, both)} {pageWeightText(pageWeight, policy)} Framed: only on that side.
          </span>
        )}
      </p>
      <div className={styles.summary}>
        {insteadPage !== null && (
          <ul className={styles.legend} aria-label="Bars: the chance of a choice, given what stands before it">
            {[loggedPolicy, policy].map((name, at) => (
              <li key={COLOURS[at]}>
                <span className={styles.dot} style={{ background: COLOURS[at] }} aria-hidden="true" />
                chance under {name}
                {at === 0 && ', as logged'}
              </li>
            ))}
          </ul>
        )}
        {draw === 'sampled' && insteadPage !== null && (
          <button type="button" className={styles.add} onClick={onAgain}>
            {again === 0 ? 'Other dice' : `Other dice (${again + 1})`}
          </button>
        )}
      </div>
      {whyNot !== null && <Message title="No other page" text={whyNot} remedy="" />}
      <div className={beside.view} data-narrow="stacked">
        <InsteadColumn
          name="As shown"
          policy={loggedPolicy}
          other={policy}
          rows={loggedPage}
          both={insteadPage === null ? undefined : both}
          of="logged"
        />
        {insteadPage !== null && (
          <InsteadColumn
            name={policy}
            policy={policy}
            other={loggedPolicy}
            rows={insteadPage}
            both={both}
            of="instead"
          />
        )}
      </div>
    </>
  );
}

export function InsteadPage() {
  const {
    decision = '',
    policy: policyText = '',
    draw = 'sampled',
    again: againText = '0',
    listener,
  } = route.useSearch();
  const navigate = route.useNavigate();
  const again = /^\d{1,6}$/.test(againText) ? Number(againText) : 0;
  const policies = useQuery({ queryKey: ['evaluable-policies'], queryFn: ({ signal }) => fetchPolicies(signal) });
  const policy = parsePolicy(policyText) ?? plain('greedy');
  const answer = useQuery({
    queryKey: ['instead', decision, formatPolicy(policy), draw, again],
    queryFn: ({ signal }) =>
      fetchInstead(decision, { policy: underEvaluation(policy, policyName(policy)), draw, again }, signal),
    enabled: decision !== '',
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
  const go = (id: string, asked: AskedPolicy, way: InsteadDraw, dice = 0): void =>
    void navigate({
      search: {
        decision: id,
        policy: formatPolicy(asked),
        ...(way === 'sampled' ? {} : { draw: way }),
        ...(dice === 0 ? {} : { again: String(dice) }),
        ...(listener === undefined ? {} : { listener }),
      },
      resetScroll: false,
    });
  return (
    <PageMain
      title="What if"
      lead="What another policy would have shown instead, of the very candidates that there were."
      above={
        listener === undefined ? undefined : (
          <Link
            to="/listeners/$listenerId"
            params={{ listenerId: listener }}
            search={{ part: 'decisions', ...(decision === '' ? {} : { decision }) }}
          >
            ← Decisions of {listener}
          </Link>
        )
      }
    >
      <Parts here="decision" />
      {policies.data === undefined ? (
        policies.error !== null ? (
          <Failure failure={policies.error} onRetry={() => void policies.refetch()} />
        ) : (
          <Skeleton heightPx={260} />
        )
      ) : (
        <AskForm
          key={`${decision} ${policyText} ${draw}`}
          decisionId={decision}
          policy={policy}
          draw={draw}
          known={policies.data.policies}
          onAsk={go}
        />
      )}
      {decision === '' ? (
        <Message
          title="Which decision?"
          text="Every Home is one. A listener’s are on their page under Decisions, each with a link that leads here."
          remedy=""
        />
      ) : answer.error !== null ? (
        <Failure failure={answer.error} onRetry={() => void answer.refetch()} />
      ) : answer.data === undefined ? (
        <div className={beside.view} data-narrow="stacked" aria-busy="true">
          <Skeleton heightPx={900} />
          <Skeleton heightPx={900} />
        </div>
      ) : (
        <BothPages report={answer.data} onAgain={() => go(decision, policy, draw, again + 1)} />
      )}
    </PageMain>
  );
}
