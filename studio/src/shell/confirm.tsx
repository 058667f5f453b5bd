/** Asks before something that everybody will see. Escape and a click beside it are a no. */
import { Button } from '@mantine/core';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import styles from './confirm.module.css';

interface ConfirmProps {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button says that does it. */
  readonly yes: string;
  readonly onYes: () => void;
  readonly onNo: () => void;
}

export function Confirm({ title, children, yes, onYes, onNo }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself; the click is one beside it
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={titleId}
      onCancel={onNo}
      onClick={(event) => {
        if (event.target === dialog.current) onNo();
      }}
    >
      <div className={styles.box}>
        <h2 id={titleId}>{title}</h2>
        <div className={styles.text}>{children}</div>
        <div className={styles.buttons}>
          <Button variant="default" radius="xl" onClick={onNo} data-autofocus>
            Leave it
          </Button>
          <Button color="red" radius="xl" className={styles.yes ?? ''} onClick={onYes}>
            {yes}
          </Button>
        </div>
      </div>
    </dialog>
  );
}
