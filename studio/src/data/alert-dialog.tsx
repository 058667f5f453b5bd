/** “Alert me”: a rule for when an anomaly is found again. */
import '@mantine/core/styles/Checkbox.css';
import '@mantine/core/styles/InlineInput.css';
import { Checkbox } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { problemOf } from '../shell/states.tsx';
import type { Notify } from '../shell/use-notices.ts';
import { addRule, fetchRules, removeRule } from './api.ts';
import styles from './dialogs.module.css';
import { type Signature, SignedDialog } from './signed-dialog.tsx';
import type { Finding } from './use-findings.ts';
import { subjectText, typeText } from './words.ts';

interface AlertDialogProps {
  readonly finding: Finding;
  readonly notify: Notify;
  readonly onClose: () => void;
}

export const rulesQuery = {
  queryKey: ['alerts', 'rules'],
  queryFn: ({ signal }: { readonly signal: AbortSignal }) => fetchRules(signal),
};

export function AlertDialog({ finding: { anomaly, report }, notify, onClose }: AlertDialogProps) {
  const queries = useQueryClient();
  const { data } = useQuery(rulesQuery);
  const [routes, setRoutes] = useState<readonly string[]>();
  const offered = (data?.routes ?? []).filter(({ to }) => to !== 'log');
  const chosen = routes ?? offered.map(({ name }) => name);
  const source = report.set.stream;
  const settled = () => queries.invalidateQueries({ queryKey: ['alerts'] });
  const remove = useMutation({
    mutationFn: (names: readonly string[]) => Promise.all(names.map(removeRule)),
    onSuccess: () => notify({ text: 'Nobody is told of it by that rule any more.' }),
    onError: (failure) => notify({ text: problemOf(failure).message, bad: true }),
    onSettled: settled,
  });
  const addAll = async (signature: Signature): Promise<readonly string[]> => {
    const names: string[] = [];
    for (const type of anomaly.types) {
      const rule = await addRule({
        kind: 'anomaly',
        source,
        finding: type,
        feature: anomaly.feature,
        slice: anomaly.slice,
        severity: 'info',
        ...(chosen.length === 0 ? {} : { routes: [...chosen] }),
        ...signature,
      });
      names.push(rule.name);
    }
    return names;
  };
  return (
    <SignedDialog
      title="Alert me on this"
      wide
      who="Who asks for it"
      example="premium must never be missing"
      sends="Alert me"
      send={addAll}
      onSent={(names) => {
        notify({
          text: `From now on ${chosen.length === 0 ? 'the log' : chosen.join(', ')} tells when this is found.`,
          action: { label: 'Undo', run: () => remove.mutate(names) },
        });
        return undefined;
      }}
      onSettled={settled}
      onClose={onClose}
    >
      <p className={styles.text}>
        Whenever <b>{anomaly.types.map(typeText).join(', ')}</b> is found in{' '}
        <b>{subjectText({ source, feature: anomaly.feature, slice: anomaly.slice })}</b>: told once, and once more when
        it is over.
      </p>
      <fieldset className={styles.group}>
        <legend>Who is told</legend>
        {offered.length === 0 ? (
          <p className={styles.none}>Only the log: no other route is configured. docs/alerts.md says how.</p>
        ) : (
          offered.map(({ name, to, problem: wrong }) => (
            <Checkbox
              key={name}
              label={`${name} (${to})`}
              description={wrong === '' ? undefined : wrong}
              checked={chosen.includes(name)}
              onChange={({ currentTarget: { checked } }) =>
                setRoutes(checked ? [...chosen, name] : chosen.filter((one) => one !== name))
              }
            />
          ))
        )}
      </fieldset>
    </SignedDialog>
  );
}
