/** Silences an alert, or more of its kind, for a while: with an end, a name and a reason. */
import { NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { AlertView, SilenceView } from '../../../src/server/contract.ts';
import { problemOf } from '../shell/states.tsx';
import type { Notify } from '../shell/use-notices.ts';
import { addSilence, endSilence } from './api.ts';
import styles from './dialogs.module.css';
import { SignedDialog } from './signed-dialog.tsx';
import { lengthText, subjectText } from './words.ts';

interface SilenceDialogProps {
  readonly alert: AlertView;
  readonly notify: Notify;
  readonly onClose: () => void;
}

const HOUR_MS = 3_600_000;
const LENGTHS_MS = [1, 4, 24, 7 * 24, 30 * 24].map((hours) => hours * HOUR_MS);
const USUAL_MS = 24 * HOUR_MS;

const SCOPES = ['this', 'rule', 'source'] as const;
type Scope = (typeof SCOPES)[number];

function matcherOf({ rule, source, name, feature, slice }: AlertView, scope: Scope): SilenceView['matcher'] {
  switch (scope) {
    case 'this':
      return { rule, source, name, feature, slice };
    case 'rule':
      return { rule };
    case 'source':
      return { source };
  }
}

export function SilenceDialog({ alert, notify, onClose }: SilenceDialogProps) {
  const queries = useQueryClient();
  const [lengthMs, setLengthMs] = useState(USUAL_MS);
  const [scope, setScope] = useState<Scope>('this');
  const settled = () => queries.invalidateQueries({ queryKey: ['alerts'] });
  const end = useMutation({
    mutationFn: endSilence,
    onSuccess: () => notify({ text: 'The silence has ended: what fires is told again.' }),
    onError: (failure) => notify({ text: problemOf(failure).message, bad: true }),
    onSettled: settled,
  });
  const scopeNames: Readonly<Record<Scope, string>> = {
    this: `this alert (${subjectText(alert)})`,
    rule: `everything of the rule “${alert.rule}”`,
    source: `everything about ${alert.source}`,
  };
  return (
    <SignedDialog
      title="Silence"
      wide
      example="known since the release; mended on Monday"
      sends="Silence"
      send={(signature) =>
        addSilence({ matcher: matcherOf(alert, scope), ...signature, untilMs: Date.now() + lengthMs })
      }
      onSent={({ id }) => {
        notify({
          text: `Silent for ${lengthText(lengthMs)}. Alerts go on being listed here.`,
          action: { label: 'Undo', run: () => end.mutate(id) },
        });
        return undefined;
      }}
      onSettled={settled}
      onClose={onClose}
      fields={
        <>
          <NativeSelect
            label="What"
            radius="md"
            value={scope}
            onChange={(event) => setScope(SCOPES.find((one) => one === event.currentTarget.value) ?? 'this')}
            data={SCOPES.map((value) => ({ value, label: scopeNames[value] }))}
          />
          <NativeSelect
            label="For how long"
            radius="md"
            value={String(lengthMs)}
            onChange={(event) => setLengthMs(Number(event.currentTarget.value))}
            data={LENGTHS_MS.map((ms) => ({ value: String(ms), label: lengthText(ms) }))}
          />
        </>
      }
    >
      <p className={styles.text}>Nobody is told of it until then; what still fires at the end is told.</p>
    </SignedDialog>
  );
}
