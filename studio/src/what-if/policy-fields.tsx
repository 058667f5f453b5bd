/** One policy of a question: which, with which options, what is wanted of its pages besides, by which model's scores. */
import { NativeSelect, TextInput } from '@mantine/core';
import { useId, useState } from 'react';
import type { EvaluablePolicy, PolicyOption } from '../../../src/server/contract.ts';
import { CloseIcon } from '../shell/icons.tsx';
import { type AskedPolicy, type OptionValue, plain, policyName, readValue } from './question.ts';
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

type Options = AskedPolicy['options'];

/** Without it where it is as it serves. */
function withOption(options: Options, name: string, value: OptionValue | undefined): Options {
  const { [name]: _gone, ...others } = options;
  return value === undefined ? others : { ...others, [name]: value };
}

/** A cap on rewards so high is none. */
const NO_CAP = 1e9;

interface OptionFieldProps {
  readonly option: PolicyOption;
  /** Undefined: as it serves. */
  readonly set: OptionValue | undefined;
  readonly onSet: (value: OptionValue | undefined) => void;
}

function OptionField({ option: { name, value: usual, choices }, set, onSet }: OptionFieldProps) {
  if (choices.length > 0) {
    return (
      <NativeSelect
        label={name}
        size="xs"
        radius="md"
        value={String(set ?? usual)}
        onChange={({ currentTarget: { value } }) => onSet(value === usual ? undefined : value)}
        data={[...choices]}
      />
    );
  }
  return (
    <TextInput
      label={name}
      size="xs"
      radius="md"
      autoComplete="off"
      inputMode={typeof usual === 'number' ? 'decimal' : 'text'}
      placeholder={usual === NO_CAP ? 'none' : String(usual)}
      defaultValue={set === undefined ? '' : String(set)}
      onChange={({ currentTarget: { value } }) => onSet(value.trim() === '' ? undefined : readValue(value.trim()))}
    />
  );
}

export function PolicyFields({ value, colour, known, label, onChange, onRemove }: PolicyFieldsProps) {
  const { policy, options, composition, model } = value;
  const found = known.find(({ id }) => id === policy);
  const [open, setOpen] = useState(false);
  const panelId = useId();
  // What is set, without the policy's own name before it.
  const said = policyName(value).slice(policy.length + 2);
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
          onChange={(event) => onChange({ ...plain(event.currentTarget.value), composition, model })}
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
        {(found?.options ?? []).map((option) => (
          <OptionField
            key={`${policy} ${option.name}`}
            option={option}
            set={options[option.name]}
            onSet={(next) => onChange({ ...value, options: withOption(options, option.name, next) })}
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
        {(found?.composition ?? []).length > 0 && (
          <fieldset className={styles.composition}>
            <legend>Composition, for any policy</legend>
            <div className={styles.optionGrid}>
              {(found?.composition ?? []).map((option) => (
                <OptionField
                  key={option.name}
                  option={option}
                  set={composition[option.name]}
                  onSet={(next) => onChange({ ...value, composition: withOption(composition, option.name, next) })}
                />
              ))}
            </div>
          </fieldset>
        )}
      </div>
    </fieldset>
  );
}
