/** Chooses one of very many features: by typing a part of its name. */
import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useId, useState } from 'react';
import { fetchStatistics } from './api.ts';

interface FeaturePickerProps {
  readonly set: string;
  readonly value: string;
  readonly onPick: (feature: string) => void;
}

const OFFERED = 30;
const SETTLE_MS = 150;

export function FeaturePicker({ set, value, onPick }: FeaturePickerProps) {
  const [typed, setTyped] = useState(value);
  const [settled] = useDebouncedValue(typed, SETTLE_MS);
  const listId = useId();
  useEffect(() => setTyped(value), [value]);
  // What stands there already is no search.
  const search = settled === value ? '' : settled;
  const { data } = useQuery({
    queryKey: ['data', 'features-by-name', set, search],
    queryFn: ({ signal }) =>
      fetchStatistics(
        { sets: [set], slice: '', search, kind: undefined, anomalous: false, order: 'name' },
        0,
        OFFERED,
        signal,
      ),
    placeholderData: keepPreviousData,
  });
  const offered = data?.features.map(({ name }) => name) ?? [];
  return (
    <>
      <TextInput
        aria-label="Feature"
        size="xs"
        radius="xl"
        list={listId}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={({ currentTarget: { value: text } }) => {
          setTyped(text);
          if (offered.includes(text)) onPick(text);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && typed.trim() !== '') onPick(typed.trim());
        }}
      />
      <datalist id={listId}>
        {offered.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
