/** “Alert me”: a rule for when an anomaly is found again. */
import '@mantine/core/styles/Checkbox.css';
import '@mantine/core/styles/InlineInput.css';
import { Button, Checkbox, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { lastAuthor, rememberAuthor } from '../shell/author.ts';
import { Dialog } from '../shell/dialog.tsx';
import { problemOf } from '../shell/states.tsx';
import type { Notify } from '../shell/use-notices.ts';
import { addRule, fetchRules, removeRule } from './api.ts';
import styles from './dialogs.module.css';
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
  const [author, setAuthor] = useState(lastAuthor);
  const [reason, setReason] = useState('');
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
  const add = useMutation({
    mutationFn: async () => {
      const names: string[] = [];
      for (const finding of anomaly.types) {
        const rule = await addRule({
          kind: 'anomaly',
          source,
          finding,
          feature: anomaly.feature,
          slice: anomaly.slice,
          severity: 'info',
          ...(chosen.length === 0 ? {} : { routes: [...chosen] }),
          author: author.trim(),
          reason: reason.trim(),
        });
        names.push(rule.name);
      }
      return names;
    },
    onSuccess: (names) => {
      rememberAuthor(author);
      onClose();
      notify({
        text: `From now on ${chosen.length === 0 ? 'the log' : chosen.join(', ')} tells when this is found.`,
        action: { label: 'Undo', run: () => remove.mutate(names) },
      });
    },
    onSettled: settled,
  });
  const isComplete = author.trim() !== '' && reason.trim() !== '';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isComplete && !add.isPending) add.mutate();
  };
  const problem = add.error === null ? undefined : problemOf(add.error);
  return (
    <Dialog title="Alert me on this" wide onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <p className={styles.text}>
          Whenever <b>{anomaly.types.map(typeText).join(', ')}</b> is found in{' '}
          <b>{subjectText({ source, feature: anomaly.feature, slice: anomaly.slice })}</b>: told once, and once more
          when it is over.
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
        <div className={styles.fields}>
          <TextInput
            label="Who asks for it"
            radius="md"
            autoComplete="name"
            data-autofocus={author === ''}
            maxLength={200}
            value={author}
            onChange={(event) => setAuthor(event.currentTarget.value)}
          />
          <TextInput
            label="Why"
            radius="md"
            autoComplete="off"
            maxLength={2000}
            placeholder="premium must never be missing"
            data-autofocus={author !== ''}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </div>
        {problem !== undefined && (
          <p className={styles.problem} role="alert">
            {problem.message} {problem.remedy}
          </p>
        )}
        <div className={styles.buttons}>
          <Button variant="default" radius="xl" onClick={onClose}>
            Leave it
          </Button>
          <Button type="submit" radius="xl" disabled={!isComplete} loading={add.isPending}>
            Alert me
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
