/** Puts a schema back to an earlier version, as a new one: asks who says so and why. */
import { useQueryClient } from '@tanstack/react-query';
import type { Notify } from '../shell/use-notices.ts';
import { undoSchema } from './api.ts';
import styles from './dialogs.module.css';
import { SignedDialog } from './signed-dialog.tsx';

interface UndoDialogProps {
  readonly name: string;
  /** That it shall be as. */
  readonly version: number;
  /** The newest on show. */
  readonly newest: number;
  readonly notify: Notify;
  readonly onClose: () => void;
}

export function UndoDialog({ name, version, newest, notify, onClose }: UndoDialogProps) {
  const queries = useQueryClient();
  return (
    <SignedDialog
      title={`Back to version ${version}?`}
      example="too early"
      sends={`Back to version ${version}`}
      send={(signature) => undoSchema(name, { ...signature, version, newest })}
      onSent={(history) => {
        notify({ text: `Version ${history.version} of the schema ${name} is as version ${version} was.` });
        return queries.invalidateQueries({ queryKey: ['data'] });
      }}
      onClose={onClose}
    >
      <p className={styles.text}>
        What was accepted since then is taken back, in a new version: nothing is lost, and this can be undone in turn.
      </p>
    </SignedDialog>
  );
}
