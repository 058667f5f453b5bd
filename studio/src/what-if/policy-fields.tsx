/** One policy of a question: which, with which options, by which model's scores. */
import { NativeSelect, TextInput } from '@mantine/core';
import { useId, useState } from 'react';
import type { EvaluablePolicy } from '../../../src/server/contract.ts';
import { CloseIcon } from '../shell/icons.tsx';
import { type AskedPolicy, policyName, readValue } from './question.ts';
import styles from './what-if.module.css';

interface PolicyFieldsProps {
  readonly value: AskedPolicy;
  readonly colour?: string;
  readonly known: readonly EvaluablePolicy[];
  readonly label: string;
  readonly onChange: (value: AskedPolicy) => void;
  /** Left out where it is the only one. */
  readonly onRemove?: (() => void) | undefined;
}

function optionText({ id, serves, switchedOff, lacks }: EvaluablePolicy): string {
  if (lacks !== null) return `${id} (needs another model)`;
  if (serves) return `${id} (serves)`;
  return switchedOff ? `${id} (switched off)` : id;
}

const MODELS = [
  { value: 'logged', label: 'each decision’s own model' },
  { value: 'serving', label: 'the model that serves' },
];

export function PolicyFields({ value, colour, known, label, onChange, onRemove }: PolicyFieldsProps) {
  const { policy, options, model } = value;
  const found = known.find(({ id }) => id === policy);
  const [open, setOpen] = useState(false);
  const panelId = useId();
  // What is set, without the policy's own name before it.
  const said = policyName(value).slice(policy.length + 2);
  const set = (name: string, text: string): void => {
    const { [name]: _gone, ...others } = options;
    onChange({ ...value, options: text.trim() === '' ? others : { ...others, [name]: readValue(text.trim()) } });
  };
  const names = known.map((one) => ({ value: one.id, label: optionText(one) }));
  return (
    <fieldset className={styles.policy} aria-label={label}>
      <div className={styles.policyRow}>
        {colour !== undefined && <span className={styles.dot} style={{ background: colour }} aria-hidden="true" />}
        <NativeSelect
          aria-label={label}
          radius="md"
          className={styles.grows ?? ''}
          value={policy}
          onChange={(event) => onChange({ policy: event.currentTarget.value, options: {}, model })}
          data={found === undefined ? [{ value: policy, label: policy }, ...names] : names}
        />
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={open}
          aria-controls={panelId}
          onClick={() => setOpen(!open)}
        >
          Options
        </button>
        {onRemove !== undefined && (
          <button type="button" className={styles.remove} onClick={onRemove} aria-label={`Leave ${policy} out`}>
            <CloseIcon />
          </button>
        )}
      </div>
      {!open && said !== '' && <p className={styles.hint}>{said}</p>}
      {found?.lacks !== undefined && found.lacks !== null && <p className={styles.hint}>{found.lacks}.</p>}
      <div id={panelId} className={styles.options} hidden={!open}>
        {(found?.options ?? []).map(({ name, value: usual }) => (
          <TextInput
            key={name}
            label={name}
            size="xs"
            radius="md"
            autoComplete="off"
            inputMode={typeof usual === 'number' ? 'decimal' : 'text'}
            placeholder={String(usual)}
            defaultValue={options[name] === undefined ? '' : String(options[name])}
            onChange={(event) => set(name, event.currentTarget.value)}
          />
        ))}
        <NativeSelect
          label="Scores of"
          size="xs"
          radius="md"
          value={model}
          onChange={(event) => onChange({ ...value, model: event.currentTarget.value })}
          data={
            model === 'logged' || model === 'serving'
              ? MODELS
              : [...MODELS, { value: model, label: `model ${model.slice(0, 8)}` }]
          }
        />
      </div>
    </fieldset>
  );
}
