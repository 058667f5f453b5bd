/** What is asked: which policies, over which decisions, in which slices, weighed how. */
import '@mantine/core/styles/Progress.css';
import { Button, NativeSelect, Progress } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { EvaluablePolicy } from '../../../src/server/contract.ts';
import form from '../shell/job-form.module.css';
import { Panel } from '../shell/panel.tsx';
import { COLOURS } from './plot-rows.ts';
import { PolicyFields } from './policy-fields.tsx';
import {
  type AskedPolicy,
  DEFAULTS,
  DIMENSIONS,
  ESTIMATORS,
  formatPolicy,
  MOST_POLICIES,
  plain,
  type Question,
  RUNGS,
  SPANS,
} from './question.ts';
import styles from './what-if.module.css';
import { DIMENSION_NAMES, ESTIMATOR_NAMES, RUNG_NAMES, spanName } from './words.ts';

export interface Step {
  readonly stage: string;
  readonly share: number;
}

const STAGES: Readonly<Record<string, string>> = {
  rewards: 'Reading what was earned',
  'reward model': 'Fitting the reward model',
  evaluate: 'Walking every decision by every policy',
  intervals: 'Drawing listeners anew for the intervals',
};

interface QuestionFormProps {
  /** Undefined: nothing is asked yet. */
  readonly question: Question | undefined;
  readonly policies: readonly EvaluablePolicy[];
  /** Set while the answer is on its way. */
  readonly step: Step | undefined;
  readonly onAsk: (question: Question) => void;
  readonly onStop: () => void;
}

/** What is served, half as warm again: near enough for the log to tell; and the best, which it often cannot. */
function suggestion(policies: readonly EvaluablePolicy[]): readonly AskedPolicy[] {
  const serving = policies.find(({ serves }) => serves);
  const temperature = serving?.options.find(({ name }) => /temperature$/i.test(name) && !name.startsWith('shelf'));
  if (serving === undefined || temperature === undefined) return [plain('greedy')];
  const warmer = Number((1.5 * Number(temperature.value)).toPrecision(2));
  return [{ ...plain(serving.id), options: { [temperature.name]: warmer } }, plain('greedy')];
}

interface Keyed {
  readonly key: number;
  readonly asked: AskedPolicy;
}

export function QuestionForm({ question, policies, step, onAsk, onStop }: QuestionFormProps) {
  const [chosen, setChosen] = useState<readonly Keyed[]>(() =>
    (question?.policies ?? suggestion(policies)).map((asked, key) => ({ key, asked })),
  );
  const [span, setSpan] = useState(question?.span ?? DEFAULTS.span);
  const [by, setBy] = useState(question?.by);
  const [rung, setRung] = useState(question?.rung ?? DEFAULTS.rung);
  const [estimator, setEstimator] = useState(question?.estimator ?? DEFAULTS.estimator);
  const change = (key: number, asked: AskedPolicy): void =>
    setChosen((now) => now.map((one) => (one.key === key ? { key, asked } : one)));
  const distinct = new Set(chosen.map(({ asked }) => formatPolicy(asked)));
  const isDistinct = distinct.size === chosen.length;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isDistinct) onAsk({ policies: chosen.map(({ asked }) => asked), span, by, rung, estimator });
  };
  const add = (): void =>
    setChosen((now) => {
      const free = policies.find(({ id, lacks }) => lacks === null && !now.some(({ asked }) => asked.policy === id));
      return [...now, { key: Math.max(...now.map(({ key }) => key)) + 1, asked: plain(free?.id ?? 'uniform') }];
    });
  const known = <T extends string>(list: readonly T[], current: string, name: (one: string) => string) =>
    [...list, ...(list.some((one) => one === current) ? [] : [current])].map((value) => ({
      value,
      label: name(value),
    }));
  return (
    <Panel title="The question" note="estimated from logged decisions; nothing is changed" wide>
      <form className={form.form} onSubmit={submit}>
        <fieldset className={styles.question} disabled={step !== undefined}>
          <legend className="visually-hidden">What to ask</legend>
          <div className={styles.policies} data-count={chosen.length}>
            {chosen.map(({ key, asked }, at) => (
              <PolicyFields
                key={key}
                label={`Policy ${at + 1}`}
                value={asked}
                colour={COLOURS[at % COLOURS.length] ?? ''}
                known={policies}
                onChange={(next) => change(key, next)}
                onRemove={chosen.length === 1 ? undefined : () => setChosen(chosen.filter((one) => one.key !== key))}
              />
            ))}
            {chosen.length < MOST_POLICIES && (
              <button type="button" className={styles.add} onClick={add}>
                Another policy
              </button>
            )}
          </div>
          <div className={form.fields}>
            <NativeSelect
              label="Decisions"
              radius="md"
              value={span}
              onChange={(event) => setSpan(event.currentTarget.value)}
              data={known(SPANS, span, spanName)}
            />
            <NativeSelect
              label="Slices"
              radius="md"
              value={by ?? ''}
              onChange={(event) => setBy(DIMENSIONS.find((one) => one === event.currentTarget.value))}
              data={[
                { value: '', label: 'none' },
                ...DIMENSIONS.map((value) => ({ value, label: DIMENSION_NAMES[value] })),
              ]}
            />
            <NativeSelect
              label="A weight takes in"
              radius="md"
              value={rung}
              onChange={(event) => setRung(RUNGS.find((one) => one === event.currentTarget.value) ?? DEFAULTS.rung)}
              data={RUNGS.map((value) => ({ value, label: RUNG_NAMES[value] }))}
            />
            <NativeSelect
              label="Estimator"
              radius="md"
              value={estimator}
              onChange={(event) => setEstimator(event.currentTarget.value)}
              data={known(ESTIMATORS, estimator, (id) => ESTIMATOR_NAMES[id] ?? id)}
            />
          </div>
        </fieldset>
        {!isDistinct && (
          <p className={form.problem} role="alert">
            Two of these are the same policy; give one of them other options.
          </p>
        )}
        {step !== undefined && (
          <div className={form.progress} role="status">
            <Progress value={100 * step.share} aria-label={STAGES[step.stage] ?? step.stage} />
            <span>
              {STAGES[step.stage] ?? step.stage} {Math.round(100 * step.share)} %
            </span>
          </div>
        )}
        <div className={form.buttons}>
          {step === undefined ? (
            <Button type="submit" radius="xl" disabled={!isDistinct}>
              Compare
            </Button>
          ) : (
            <Button variant="default" radius="xl" onClick={onStop}>
              Give it up
            </Button>
          )}
        </div>
      </form>
    </Panel>
  );
}
