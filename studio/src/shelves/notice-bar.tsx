/** A short notice at the bottom of the page, with what takes it back. */
import type { Notice } from '../shell/use-notices.ts';
import styles from './notice-bar.module.css';

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
        </div>
      )}
    </div>
  );
}
