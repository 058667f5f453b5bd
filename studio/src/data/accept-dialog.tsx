/** Takes an anomaly into the schema: shows the lines that it becomes, and asks who says so and why. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { problemOf } from '../shell/states.tsx';
import type { Notify } from '../shell/use-notices.ts';
import { acceptAnomalies, undoSchema } from './api.ts';
import styles from './dialogs.module.css';
import { lineChanges } from './line-changes.ts';
import { SchemaLines } from './schema-lines.tsx';
import { type Signature, SignedDialog } from './signed-dialog.tsx';
import type { Finding } from './use-findings.ts';

interface AcceptDialogProps {
  readonly finding: Finding;
  readonly notify: Notify;
  readonly onClose: () => void;
}

export function AcceptDialog({ finding: { anomaly, report }, notify, onClose }: AcceptDialogProps) {
  const queries = useQueryClient();
  const { name, version } = report.schema;
  const undo = useMutation({
    mutationFn: ({ author, reason, accepted }: Signature & { readonly accepted: number }) =>
      undoSchema(name, { author, reason: `Undone: ${reason}`, version: accepted - 1, newest: accepted }),
    onSuccess: async (history) => {
      await queries.invalidateQueries({ queryKey: ['data'] });
      notify({ text: `Undone: the schema ${name} is as before, in version ${history.version}.` });
    },
    onError: (failure) => {
      const { message, remedy } = problemOf(failure);
      notify({ text: `${message} ${remedy}`, bad: true });
    },
  });
  return (
    <SignedDialog
      title={`Accept “${anomaly.short}”?`}
      wide
      why="Why it is right"
      example="trial tier since Monday"
      sends="Accept"
      send={(signature) => acceptAnomalies(name, { set: report.set.id, paths: [anomaly.path], ...signature })}
      onSent={(history, signature) => {
        notify({
          text: `Accepted: version ${history.version} of the schema ${name} takes it in.`,
          action: { label: 'Undo', run: () => undo.mutate({ ...signature, accepted: history.version }) },
        });
        return queries.invalidateQueries({ queryKey: ['data'] });
      }}
      onClose={onClose}
    >
      <p className={styles.text}>
        From then on the schema <b>{name}</b> expects it, in every set. Version {version} becomes:
      </p>
      <SchemaLines
        lines={lineChanges(anomaly.schemaLines, anomaly.acceptedLines)}
        label="Lines of the schema, as they become"
      />
    </SignedDialog>
  );
}
