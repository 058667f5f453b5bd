/** Puts a schema back to an earlier version, as a new one: asks who says so and why. */
import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { lastAuthor, rememberAuthor } from '../shell/author.ts';
import { Dialog } from '../shell/dialog.tsx';
import { problemOf } from '../shell/states.tsx';
import type { Notify } from '../shell/use-notices.ts';
import { undoSchema } from './api.ts';
import styles from './dialogs.module.css';

interface UndoDialogProps {
  readonly name: string;
  /** That it shall be as. */
  readonly version: number;
  readonly notify: Notify;
  readonly onClose: () => void;
}

export function UndoDialog({ name, version, notify, onClose }: UndoDialogProps) {
  const queries = useQueryClient();
  const [author, setAuthor] = useState(lastAuthor);
  const [reason, setReason] = useState('');
  const undo = useMutation({
    mutationFn: () => undoSchema(name, { author: author.trim(), reason: reason.trim(), version }),
    onSuccess: async (history) => {
      rememberAuthor(author);
      onClose();
      notify({ text: `Version ${history.version} of the schema ${name} is as version ${version} was.` });
      await queries.invalidateQueries({ queryKey: ['data'] });
    },
  });
  const isComplete = author.trim() !== '' && reason.trim() !== '';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isComplete && !undo.isPending) undo.mutate();
  };
  const problem = undo.error === null ? undefined : problemOf(undo.error);
  return (
    <Dialog title={`Back to version ${version}?`} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <p className={styles.text}>
          What was accepted since then is taken back, in a new version: nothing is lost, and this can be undone in turn.
        </p>
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
            label="Why"
            radius="md"
            autoComplete="off"
            maxLength={2000}
            placeholder="too early"
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
          <Button type="submit" radius="xl" disabled={!isComplete} loading={undo.isPending}>
            Back to version {version}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
