/** Short notices above the player, one at a time, each gone after a while. */
import { useCallback, useRef, useState } from 'react';

export interface Notice {
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  readonly bad?: boolean;
}
export type Notify = (notice: Notice) => void;

const SHOWN_MS = 6000;

export function useNotices(): {
  readonly notice: Notice | null;
  readonly notify: Notify;
  readonly dismiss: () => void;
} {
  const [notice, setNotice] = useState<Notice | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const dismiss = useCallback(() => {
    clearTimeout(timer.current);
    setNotice(null);
  }, []);
  const notify = useCallback((next: Notice) => {
    clearTimeout(timer.current);
    setNotice(next);
    timer.current = setTimeout(() => setNotice(null), SHOWN_MS);
  }, []);
  return { notice, notify, dismiss };
}
