/** What other policies would have earned on logged decisions: the question, and its answer. The address is the question; opened, it is asked. */
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import figures from '../shell/figures.module.css';
import { PageMain } from '../shell/page-main.tsx';
import { Failure, Message, problemOf, Skeleton } from '../shell/states.tsx';
import { Answer } from './answer.tsx';
import { comparePolicies, fetchPolicies } from './api.ts';
import { Parts } from './parts.tsx';
import { questionOf, requestOf, searchOf } from './question.ts';
import { QuestionForm, type Step } from './question-form.tsx';

const route = getRouteApi('/what-if');
const FORM_PX = 300;
/** An answer is kept for as long: going back to it does not ask again. */
const KEPT_MS = 1_800_000;

export function ComparePage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const [step, setStep] = useState<Step>();
  const question = questionOf(search);
  const key = ['comparison', question === undefined ? {} : searchOf(question)];
  const policies = useQuery({ queryKey: ['evaluable-policies'], queryFn: ({ signal }) => fetchPolicies(signal) });
  const answer = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      if (question === undefined) throw new Error('nothing is asked');
      setStep({ stage: 'rewards', share: 0 });
      return comparePolicies(requestOf(question), (stage, share) => setStep({ stage, share }), signal);
    },
    enabled: question !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    retryOnMount: false,
  });
  const isRunning = answer.fetchStatus === 'fetching';
  const isGivenUp = question !== undefined && answer.data === undefined && answer.error === null && !isRunning;
  const nothingLeft = answer.error !== null && problemOf(answer.error).code === 'OPE_NO_DECISIONS';
  return (
    <PageMain
      title="What if"
      lead="What other policies would have earned and shown, from what was logged, without an experiment."
    >
      <Parts here="compare" />
      {policies.data === undefined ? (
        policies.error !== null ? (
          <Failure failure={policies.error} onRetry={() => void policies.refetch()} />
        ) : (
          <Skeleton heightPx={FORM_PX} />
        )
      ) : (
        <QuestionForm
          key={JSON.stringify(key)}
          question={question}
          policies={policies.data.policies}
          step={isRunning ? step : undefined}
          onAsk={(asked) => {
            const next = searchOf(asked);
            if (question !== undefined && JSON.stringify(next) === JSON.stringify(searchOf(question)))
              void answer.refetch();
            else void navigate({ search: next, resetScroll: false });
          }}
          onStop={() => void queries.cancelQueries({ queryKey: key })}
        />
      )}
      {isRunning && answer.data === undefined ? (
        <div className={figures.panels} aria-busy="true">
          <div className={figures.wide}>
            <Skeleton heightPx={220} />
          </div>
          <Skeleton heightPx={260} />
          <Skeleton heightPx={260} />
        </div>
      ) : nothingLeft ? (
        <Message
          title="Nothing to judge from yet"
          text={`${problemOf(answer.error).message}.`}
          remedy="A decision counts once its page was rendered, and a day has passed for what it earns."
        />
      ) : answer.error !== null ? (
        <Failure failure={answer.error} onRetry={() => void answer.refetch()} />
      ) : isGivenUp ? (
        <Message title="Given up" text="Nothing of it is left." remedy="">
          <Button radius="xl" onClick={() => void answer.refetch()}>
            Ask again
          </Button>
        </Message>
      ) : (
        question !== undefined && answer.data !== undefined && <Answer question={question} report={answer.data} />
      )}
    </PageMain>
  );
}
