/** Lines of a schema, as they are or with what came and what went. */
import type { LineChange } from './line-changes.ts';
import styles from './schema-lines.module.css';

interface SchemaLinesProps {
  readonly lines: readonly LineChange[];
  /** What they are, for those who do not see them. */
  readonly label: string;
}

const SIGNS = { same: '\u00a0', added: '+', removed: '−' } as const;

export function SchemaLines({ lines, label }: SchemaLinesProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={styles.lines} aria-label={label} tabIndex={0}>
      <pre>
        {lines.map(({ text, change }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines do not move
          <code key={at} data-change={change}>
            <span>{SIGNS[change]}</span>
            {text}
            {'\n'}
          </code>
        ))}
      </pre>
    </section>
  );
}

/** Lines that only stand there. */
export function plainLines(text: string): readonly LineChange[] {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => ({ text: line, change: 'same' }));
}
