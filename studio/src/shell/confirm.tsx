/** Asks before something that everybody will see. Escape and a click beside it are a no. */
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './confirm.module.css';
import { Dialog } from './dialog.tsx';

interface ConfirmProps {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button says that does it. */
  readonly yes: string;
  readonly onYes: () => void;
  readonly onNo: () => void;
}

export function Confirm({ title, children, yes, onYes, onNo }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onNo}>
      <div className={styles.text}>{children}</div>
      <div className={styles.buttons}>
        <Button variant="default" radius="xl" onClick={onNo} data-autofocus="true">
          Leave it
        </Button>
        <Button color="red" radius="xl" className={styles.yes ?? ''} onClick={onYes}>
          {yes}
        </Button>
      </div>
    </Dialog>
  );
}
