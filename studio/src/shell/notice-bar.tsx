/** A short notice at the bottom of the page, with what takes it back. A page that has a bar there lifts it by `--notice-lift`. */

import { CloseIcon } from './icons.tsx';
import styles from './notice-bar.module.css';
import type { Notice } from './use-notices.ts';

export function NoticeBar({ notice, onDone }: { readonly notice: Notice | null; readonly onDone: () => void }) {
  return (
    <div className={styles.bar} role="status">
      {notice !== null && (
        <div data-bad={notice.bad === true}>
          <span>{notice.text}</span>
          {notice.action !== undefined && (
            <button
              type="button"
              onClick={() => {
                onDone();
                notice.action?.run();
              }}
            >
              {notice.action.label}
            </button>
          )}
          <button type="button" onClick={onDone} aria-label="Dismiss">
            <CloseIcon />
          </button>
        </div>
      )}
    </div>
  );
}
