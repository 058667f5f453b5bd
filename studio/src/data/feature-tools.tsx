/** Which features, in which order, and how they are drawn: all of it goes into the address. */
import '@mantine/core/styles/Checkbox.css';
import '@mantine/core/styles/InlineInput.css';
import { Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { type RefObject, useCallback } from 'react';
import type { FeatureOrder } from '../../../src/server/contract.ts';
import { Choice } from '../shell/choice.tsx';
import { SearchIcon } from '../shell/icons.tsx';
import { type DataSearch, KINDS, ORDERS, type SearchChange } from './address.ts';
import styles from './feature-tools.module.css';
import type { SliceGroup } from './use-slices.ts';
import { useTyped } from './use-typed.ts';

interface FeatureToolsProps {
  readonly search: DataSearch;
  /** With what is the default said. */
  readonly order: FeatureOrder;
  readonly isCompared: boolean;
  readonly slices: readonly SliceGroup[];
  readonly field: RefObject<HTMLInputElement | null>;
  readonly onChange: (change: SearchChange) => void;
}

const ORDER_NAMES: Readonly<Record<FeatureOrder, string>> = {
  distance: 'distance',
  anomalies: 'anomalies',
  missing: 'missing',
  name: 'name',
};
const ALL = 'all';

export function FeatureTools({ search, order, isCompared, slices, field, onChange }: FeatureToolsProps) {
  const { q = '', kind, anomalous = false, slice = '', scale, amount, histogram } = search;
  const settle = useCallback((text: string) => onChange({ q: text === '' ? undefined : text }), [onChange]);
  const [typed, setTyped] = useTyped(q, settle);
  const orders = ORDERS.filter((one) => one !== 'distance' || isCompared);
  return (
    <search className={styles.tools} aria-label="Features">
      <div className={styles.row}>
        <TextInput
          ref={field}
          className={styles.search ?? ''}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          placeholder="Search features"
          aria-label="Search features by name"
          leftSection={<SearchIcon />}
          rightSection={<kbd className={styles.key}>/</kbd>}
          radius="xl"
          autoComplete="off"
          spellCheck={false}
        />
        <NativeSelect
          aria-label="Sort by"
          radius="xl"
          value={order}
          onChange={(event) => onChange({ sort: ORDERS.find((one) => one === event.currentTarget.value) })}
          data={orders.map((value) => ({ value, label: `by ${ORDER_NAMES[value]}` }))}
        />
        {slices.length > 0 && (
          <NativeSelect
            aria-label="Slice"
            radius="xl"
            value={slice}
            onChange={(event) => onChange({ slice: event.currentTarget.value || undefined })}
            data={[
              { value: '', label: 'all rows' },
              ...(slice === '' || slices.some(({ items }) => items.some(({ value }) => value === slice))
                ? []
                : [{ value: slice, label: slice }]),
              ...slices.map(({ group, items }) => ({ group, items: [...items] })),
            ]}
          />
        )}
        <Checkbox
          label="Only anomalies"
          checked={anomalous}
          onChange={(event) => onChange({ anomalous: event.currentTarget.checked ? true : undefined })}
        />
      </div>
      <div className={styles.row}>
        <Choice
          legend="Kinds of features"
          value={kind ?? ALL}
          onChange={(value) => onChange({ kind: KINDS.find((one) => one === value) })}
          options={[
            { value: ALL, label: 'All' },
            { value: 'numeric', label: 'Numeric' },
            { value: 'categorical', label: 'Categorical' },
          ]}
        />
        <Choice
          legend="Scale"
          value={scale ?? 'linear'}
          onChange={(value) => onChange({ scale: value === 'linear' ? undefined : value })}
          options={[
            { value: 'linear', label: 'Linear' },
            { value: 'log', label: 'Log', about: 'Heights by their logarithm, over three decades' },
            { value: 'log-values', label: 'Log values', about: 'Values by their logarithm, where none is negative' },
          ]}
        />
        <Choice
          legend="Heights"
          value={amount ?? 'share'}
          onChange={(value) => onChange({ amount: value === 'share' ? undefined : value })}
          options={[
            { value: 'share', label: 'Shares', about: 'Of each set’s own values: sizes do not matter' },
            { value: 'count', label: 'Counts', about: 'Values as they are counted' },
          ]}
        />
        <Choice
          legend="Buckets"
          value={histogram ?? 'standard'}
          onChange={(value) => onChange({ histogram: value === 'standard' ? undefined : value })}
          options={[
            { value: 'standard', label: 'Standard', about: 'Buckets of one width' },
            { value: 'quantiles', label: 'Quantiles', about: 'Ten buckets with as many values each' },
          ]}
        />
      </div>
    </search>
  );
}
