/** What stands where a Home is not: waiting, nothing to show, a failure; each with what to do about it. */
import { Button, PasswordInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiProblem, rememberKey } from './api.ts';
import styles from './states.module.css';

const SKELETON_SHELVES = ['one', 'two', 'three'];
const SKELETON_CARDS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

export function HomeSkeleton({ waitingFor }: { readonly waitingFor: string | undefined }) {
  return (
    <div className={styles.skeletons} aria-busy="true">
      <p className={waitingFor === undefined ? 'visually-hidden' : styles.waiting} role="status">
        {waitingFor ?? 'Loading the Home'}
      </p>
      {SKELETON_SHELVES.map((shelf) => (
        <div key={shelf} className={styles.skeletonShelf}>
          <span className={styles.bone} style={{ width: 220, height: 24 }} />
          <div>
            {SKELETON_CARDS.map((card) => (
              <span key={card} className={styles.skeletonCard}>
                <span className={styles.bone} />
                <span className={styles.bone} />
                <span className={styles.bone} />
              </span>
            ))}
          </div>
        </div>
      ))}
    </div>
  );
}

interface MessageProps {
  readonly title: string;
  readonly text: string;
  readonly remedy: string;
  readonly children?: ReactNode;
}

export function Message({ title, text, remedy, children }: MessageProps) {
  return (
    <div className={styles.message} role="alert">
      <span className={styles.mark} aria-hidden="true" />
      <h2>{title}</h2>
      {text !== '' && <p>{text}</p>}
      {remedy !== '' && <p className={styles.remedy}>{remedy}</p>}
      {children}
    </div>
  );
}

function KeyForm({ onKey }: { readonly onKey: () => void }) {
  const [key, setKey] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rememberKey(key);
    onKey();
  };
  return (
    <form className={styles.keyForm} onSubmit={submit}>
      <PasswordInput
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        label="Key"
        placeholder="as printed when the platform started"
        radius="md"
        required
      />
      <Button type="submit" radius="xl" disabled={key.trim() === ''}>
        Use this key
      </Button>
    </form>
  );
}

export function Failure({ failure, onRetry }: { readonly failure: unknown; readonly onRetry: () => void }) {
  const problem =
    failure instanceof ApiProblem
      ? failure
      : new ApiProblem(
          'PAGE_FAILED',
          0,
          failure instanceof Error ? failure.message : String(failure),
          'Reload the page.',
        );
  if (problem.status === 401 || problem.status === 403) {
    return (
      <Message
        title="This platform asks for a key"
        text={problem.message}
        remedy="The command that started the platform printed it. It stays in this tab."
      >
        <KeyForm onKey={onRetry} />
      </Message>
    );
  }
  return (
    <Message title="That did not work" text={problem.message} remedy={problem.remedy}>
      <div className={styles.actions}>
        <Button onClick={onRetry} radius="xl">
          Try again
        </Button>
        <code>{problem.code}</code>
      </div>
    </Message>
  );
}
