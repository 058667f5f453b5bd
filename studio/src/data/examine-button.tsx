/** Looks at the data now, and does not wait for the next time that the platform does. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { problemOf } from '../shell/states.tsx';
import { countText } from '../shell/times.ts';
import type { Notify } from '../shell/use-notices.ts';
import { examineData } from './api.ts';
import { ChangeButton } from './change-button.tsx';

export function ExamineButton({ notify }: { readonly notify: Notify }) {
  const queries = useQueryClient();
  const [share, setShare] = useState<number>();
  const job = useRef<AbortController>(undefined);
  useEffect(() => () => job.current?.abort(), []);
  const examine = async (): Promise<void> => {
    const mine = new AbortController();
    job.current = mine;
    setShare(0);
    try {
      const { sets } = await examineData((_, done) => setShare(done), mine.signal);
      const wrong = sets.filter(({ anomalies }) => anomalies.length > 0).length;
      notify({
        text: `Looked at ${countText(sets.length, 'set')}: ${wrong === 0 ? 'nothing is wrong' : `something is wrong in ${wrong}`}.`,
      });
      await Promise.all(['data', 'alerts'].map((key) => queries.invalidateQueries({ queryKey: [key] })));
    } catch (failure) {
      if (mine.signal.aborted) return;
      const { message, remedy } = problemOf(failure);
      notify({ text: `${message} ${remedy}`, bad: true });
    } finally {
      if (!mine.signal.aborted) setShare(undefined);
    }
  };
  return (
    <ChangeButton variant="default" disabled={share !== undefined} onClick={() => void examine()}>
      {share === undefined ? 'Look now' : `Looking … ${Math.round(100 * share)} %`}
    </ChangeButton>
  );
}
