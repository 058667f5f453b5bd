/** A question whose answer is signed: who says so, kept for the next time, and why. */
import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { lastAuthor, rememberAuthor } from '../shell/author.ts';
import { Dialog } from '../shell/dialog.tsx';
import { problemOf } from '../shell/states.tsx';
import styles from './dialogs.module.css';

export interface Signature {
  readonly author: string;
  readonly reason: string;
}

interface SignedDialogProps<Result> {
  readonly title: string;
  /** @default false */
  readonly wide?: boolean;
  /** What is asked of the author. @default Who says so */
  readonly who?: string;
  /** What is asked for as the reason. @default Why */
  readonly why?: string;
  /** Of a reason. */
  readonly example: string;
  /** Words of the button that sends. */
  readonly sends: ReactNode;
  /** Fields that stand beside author and reason, before them. */
  readonly fields?: ReactNode;
  readonly children: ReactNode;
  readonly send: (signature: Signature) => Promise<Result>;
  /** The dialog is closed by then. */
  readonly onSent: (result: Result, signature: Signature) => Promise<unknown> | undefined;
  readonly onSettled?: () => Promise<unknown>;
  readonly onClose: () => void;
}

export function SignedDialog<Result>({
  title,
  wide = false,
  who = 'Who says so',
  why = 'Why',
  example,
  sends,
  fields,
  children,
  send,
  onSent,
  onSettled,
  onClose,
}: SignedDialogProps<Result>) {
  const [author, setAuthor] = useState(lastAuthor);
  const [reason, setReason] = useState('');
  const signature: Signature = { author: author.trim(), reason: reason.trim() };
  const sending = useMutation({
    mutationFn: send,
    onSuccess: async (result, signed) => {
      rememberAuthor(author);
      onClose();
      await onSent(result, signed);
    },
    ...(onSettled === undefined ? {} : { onSettled }),
  });
  const isComplete = signature.author !== '' && signature.reason !== '';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isComplete && !sending.isPending) sending.mutate(signature);
  };
  const problem = sending.error === null ? undefined : problemOf(sending.error);
  return (
    <Dialog title={title} wide={wide} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        {children}
        <div className={styles.fields}>
          {fields}
          <TextInput
            label={who}
            radius="md"
            autoComplete="name"
            data-autofocus={author === ''}
            maxLength={200}
            value={author}
            onChange={(event) => setAuthor(event.currentTarget.value)}
          />
          <TextInput
            label={why}
            radius="md"
            autoComplete="off"
            maxLength={2000}
            placeholder={example}
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
          <Button type="submit" radius="xl" disabled={!isComplete} loading={sending.isPending}>
            {sends}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
