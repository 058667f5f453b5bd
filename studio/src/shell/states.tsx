/** What stands where a Home is not: waiting, nothing to show, a failure; each with what to do about it. */
import { Button, PasswordInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { ApiProblem } from './api.ts';
import { keyInPaste, rememberKey } from './key.ts';
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
          <span className={styles.skeletonTitle}>
            <span className={styles.bone} style={{ width: 220, height: 26 }} />
            <span className={styles.bone} style={{ width: 160 }} />
          </span>
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

interface KeyRequestProps {
  /** Why the key that is there will not do; empty when there is none. */
  readonly complaint: string;
  /** Called once another key is there. */
  readonly onKey?: () => void;
}

/** Asks for the key that `shelfwise up` printed. */
export function KeyRequest({ complaint, onKey }: KeyRequestProps) {
  const [pasted, setPasted] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const key = keyInPaste(pasted);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key === '') return;
    rememberKey(key);
    setPasted('');
    onKey?.();
  };
  return (
    <section className={styles.message} aria-labelledby="key-title">
      <span className={styles.mark} aria-hidden="true" />
      <h2 id="key-title">{complaint === '' ? 'One thing first: the key' : 'Another key, please'}</h2>
      <p role="alert">{complaint}</p>
      <p>
        Paste the key that <code>shelfwise up</code> printed when it started, or open the address that it printed: the
        key is in it.
      </p>
      <form className={styles.keyForm} onSubmit={submit}>
        <PasswordInput
          ref={input}
          value={pasted}
          onChange={(event) => setPasted(event.currentTarget.value)}
          label="Key"
          placeholder="sw_…"
          autoComplete="off"
          radius="md"
          size="md"
        />
        <Button type="submit" radius="xl" size="md" disabled={key === ''}>
          Use this key
        </Button>
      </form>
      <p className={styles.keyNote}>It stays in this tab, and goes when you close it.</p>
    </section>
  );
}

/** Whatever was thrown, as a problem with a remedy to show. */
export function problemOf(failure: unknown): ApiProblem {
  if (failure instanceof ApiProblem) return failure;
  const message = failure instanceof Error ? failure.message : String(failure);
  return new ApiProblem('PAGE_FAILED', 0, message, 'Reload the page.');
}

export function Failure({ failure, onRetry }: { readonly failure: unknown; readonly onRetry: () => void }) {
  const problem = problemOf(failure);
  if (problem.status === 403) return <KeyRequest complaint={problem.message} onKey={onRetry} />;
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

/** Lines and blocks of grey in the place of what is on its way: give it the height that the real thing will have. */
export function Skeleton({ heightPx, widthPx }: { readonly heightPx: number; readonly widthPx?: number }) {
  return (
    <span
      className={styles.bone}
      style={{ height: heightPx, ...(widthPx === undefined ? {} : { width: widthPx }) }}
      aria-hidden="true"
    />
  );
}
