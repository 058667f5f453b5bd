/** Takes an anomaly into the schema: shows the lines that it becomes, and asks who says so and why. */
import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { lastAuthor, rememberAuthor } from '../shell/author.ts';
import { Dialog } from '../shell/dialog.tsx';
import { problemOf } from '../shell/states.tsx';
import type { Notify } from '../shell/use-notices.ts';
import { acceptAnomalies, undoSchema } from './api.ts';
import styles from './dialogs.module.css';
import { lineChanges } from './line-changes.ts';
import { SchemaLines } from './schema-lines.tsx';
import type { Finding } from './use-findings.ts';

interface AcceptDialogProps {
  readonly finding: Finding;
  readonly notify: Notify;
  readonly onClose: () => void;
}

export function AcceptDialog({ finding: { anomaly, report }, notify, onClose }: AcceptDialogProps) {
  const queries = useQueryClient();
  const [author, setAuthor] = useState(lastAuthor);
  const [reason, setReason] = useState('');
  const { name, version } = report.schema;
  const failed = (failure: unknown): void => {
    const { message, remedy } = problemOf(failure);
    notify({ text: `${message} ${remedy}`, bad: true });
  };
  const undo = useMutation({
    mutationFn: (before: number) =>
      undoSchema(name, { author: author.trim(), reason: `Undone: ${reason.trim()}`, version: before }),
    onSuccess: async (history) => {
      await queries.invalidateQueries({ queryKey: ['data'] });
      notify({ text: `Undone: the schema ${name} is as before, in version ${history.version}.` });
    },
    onError: failed,
  });
  const accept = useMutation({
    mutationFn: () =>
      acceptAnomalies(name, {
        set: report.set.id,
        paths: [anomaly.path],
        author: author.trim(),
        reason: reason.trim(),
      }),
    onSuccess: async (history) => {
      rememberAuthor(author);
      onClose();
      notify({
        text: `Accepted: version ${history.version} of the schema ${name} takes it in.`,
        action: { label: 'Undo', run: () => undo.mutate(history.version - 1) },
      });
      await queries.invalidateQueries({ queryKey: ['data'] });
    },
  });
  const isComplete = author.trim() !== '' && reason.trim() !== '';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isComplete && !accept.isPending) accept.mutate();
  };
  const problem = accept.error === null ? undefined : problemOf(accept.error);
  return (
    <Dialog title={`Accept “${anomaly.short}”?`} wide onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <p className={styles.text}>
          From then on the schema <b>{name}</b> expects it, in every set. Version {version} becomes:
        </p>
        <SchemaLines
          lines={lineChanges(anomaly.schemaLines, anomaly.acceptedLines)}
          label="Lines of the schema, as they become"
        />
        <div className={styles.fields}>
          <TextInput
            label="Who says so"
            radius="md"
            autoComplete="name"
            data-autofocus={author === ''}
            maxLength={200}
            value={author}
            onChange={(event) => setAuthor(event.currentTarget.value)}
          />
          <TextInput
            label="Why it is right"
            radius="md"
            autoComplete="off"
            maxLength={2000}
            placeholder="trial tier since Monday"
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
          <Button type="submit" radius="xl" disabled={!isComplete} loading={accept.isPending}>
            Accept
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
