/** Trains a model beside what serves: asks for a family and how, shows how far it is, and can be given up. */
import '@mantine/core/styles/Checkbox.css';
import '@mantine/core/styles/InlineInput.css';
import '@mantine/core/styles/Progress.css';
import { Button, Checkbox, NativeSelect, Progress, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { TrainedModel } from '../../../src/server/contract.ts';
import styles from '../shell/job-form.module.css';
import { Panel } from '../shell/panel.tsx';
import { problemOf } from '../shell/states.tsx';
import { trainModel } from './api.ts';
import { familyName } from './words.ts';

interface TrainFormProps {
  readonly families: readonly string[];
  readonly onTrained: (model: TrainedModel) => void;
  readonly onLeave: () => void;
}

const CALIBRATIONS = ['none', 'isotonic', 'platt'] as const;
const SPANS = [
  { value: '7d', label: 'the last 7 days' },
  { value: '30d', label: 'the last 30 days' },
  { value: '90d', label: 'the last 90 days' },
  { value: 'all', label: 'all of them' },
] as const;
const MOST_MEMBERS = 100;

interface Step {
  readonly stage: string;
  readonly share: number;
}

export function TrainForm({ families, onTrained, onLeave }: TrainFormProps) {
  const [family, setFamily] = useState(families[0] ?? '');
  const [examples, setExamples] = useState('90d');
  const [members, setMembers] = useState('1');
  const [calibration, setCalibration] = useState<(typeof CALIBRATIONS)[number]>('none');
  const [promote, setPromote] = useState(false);
  const [step, setStep] = useState<Step>();
  const [failure, setFailure] = useState<unknown>();
  const job = useRef<AbortController>(undefined);
  useEffect(() => () => job.current?.abort(), []);

  const ensemble = Number(members);
  const isCountable = Number.isInteger(ensemble) && ensemble >= 1 && ensemble <= MOST_MEMBERS;
  const train = async (): Promise<void> => {
    const mine = new AbortController();
    job.current = mine;
    setFailure(undefined);
    setStep({ stage: 'starting', share: 0 });
    try {
      const trained = await trainModel(
        { family, examples, ensemble, calibration, promote },
        (stage, share) => setStep({ stage, share }),
        mine.signal,
      );
      onTrained(trained);
    } catch (failed) {
      if (!mine.signal.aborted) setFailure(failed);
    } finally {
      setStep(undefined);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isCountable) void train();
  };
  const problem = failure === undefined ? undefined : problemOf(failure);
  return (
    <Panel title="Train a model" note="from logged decisions; what serves goes on serving" wide>
      <form className={styles.form} onSubmit={submit}>
        <fieldset className={styles.fields} disabled={step !== undefined}>
          <legend className="visually-hidden">What to train</legend>
          <NativeSelect
            label="Family"
            radius="md"
            value={family}
            onChange={(event) => setFamily(event.currentTarget.value)}
            data={families.map((value) => ({ value, label: familyName(value) }))}
          />
          <NativeSelect
            label="Decisions"
            radius="md"
            value={examples}
            onChange={(event) => setExamples(event.currentTarget.value)}
            data={[...SPANS]}
          />
          <NativeSelect
            label="Calibration"
            radius="md"
            value={calibration}
            onChange={(event) =>
              setCalibration(CALIBRATIONS.find((one) => one === event.currentTarget.value) ?? 'none')
            }
            data={[...CALIBRATIONS]}
          />
          <TextInput
            label="Ensemble members"
            radius="md"
            inputMode="numeric"
            autoComplete="off"
            value={members}
            onChange={(event) => setMembers(event.currentTarget.value)}
            error={isCountable ? undefined : `From 1 to ${MOST_MEMBERS}.`}
          />
        </fieldset>
        <Checkbox
          label="Serve it when it is done"
          checked={promote}
          disabled={step !== undefined}
          onChange={(event) => setPromote(event.currentTarget.checked)}
        />
        {problem !== undefined && (
          <p className={styles.problem} role="alert">
            {problem.message} {problem.remedy}
          </p>
        )}
        {step !== undefined && (
          <div className={styles.progress} role="status">
            <Progress value={100 * step.share} aria-label={step.stage} />
            <span>
              {step.stage} {Math.round(100 * step.share)} %
            </span>
          </div>
        )}
        <div className={styles.buttons}>
          {step === undefined ? (
            <>
              <Button type="submit" radius="xl" disabled={family === ''}>
                Train
              </Button>
              <Button variant="default" radius="xl" onClick={onLeave}>
                Leave it
              </Button>
            </>
          ) : (
            <Button variant="default" radius="xl" onClick={() => job.current?.abort()}>
              Give it up
            </Button>
          )}
        </div>
      </form>
    </Panel>
  );
}
